/** What a fetch brought of one partition, below a consumer: its records, and where the next fetch goes on. */
import type { LogRecord } from "../log.ts";
import type { Batch, FetchedPartition } from "./internals.ts";
import { patchedKafkajs } from "./kafkajs.ts";
import { plainRecord } from "./patches/fetched-records.ts";

/** Records from `from` on, and the next offset to fetch. */
export interface FetchedBatch {
  readonly records: readonly LogRecord[];
  readonly next: bigint;
}

/** Reads it. Records before `from`, aborted ones and markers are left out. */
export const readBatch = (topic: string, from: bigint, data: FetchedPartition): FetchedBatch => {
  // kafkajs's Batch knows which records are before the offset asked for, aborted, or no records at all.
  const batch: Batch = new (patchedKafkajs()("src/consumer/batch.js"))(topic, from.toString(), data);
  // Erasure: records come from our own decoder, whose FetchedRecord is a LogRecord.
  const records = (batch.messages as unknown as readonly LogRecord[]).map(plainRecord);
  const read = batch.rawMessages.length === 0 ? from : BigInt(batch.lastOffset()) + 1n;
  return { records, next: read > from ? read : from };
};
