/**
 * Replaces src/consumer/batch.js: it goes through the records of a fetch three times, with a Long, a bigint and a text for each,
 * to find that all of them are wanted. A partition's records ascend, so where the first one is not too early, none is.
 */
import type { FetchedPartition } from "../internals.ts";
import { definePatch } from "./patch.ts";

/** A look at the first record, and one at each for control records. Whatever else there is stays with kafkajs. */
export const fetchedBatchPatch = definePatch({
  file: "src/consumer/batch.js",
  sha256: "04ee8657247441599f200af5871ce6b3c4463abe941b97405502f8f5f683face",
  replace: (Original) =>
    class FetchedBatch extends Original {
      constructor(topic: string, fetchedOffset: string, data: FetchedPartition) {
        const isWhole = isWanted(data, BigInt(fetchedOffset));
        super(topic, fetchedOffset, isWhole ? { ...data, messages: [] } : data);
        if (isWhole) this.rawMessages = this.messagesWithinOffset = this.messages = data.messages;
      }
    },
});

/** Whether every record of a partition's answer is for the listener. An old one, whose offset is text, may be out of order. */
const isWanted = ({ messages, abortedTransactions }: FetchedPartition, from: bigint): boolean => {
  const offset = messages[0]?.offset;
  if (typeof offset !== "bigint" || offset < from || (abortedTransactions ?? []).length > 0) return false;
  for (const { isControlRecord } of messages) if (isControlRecord) return false;
  return true;
};
