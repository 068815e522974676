/** A fetched batch: what kafkajs's own class makes of the same answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DecodedMessage, FetchedPartition } from "../internals.ts";
import { requireKafkajs } from "../kafkajs.ts";
import { fetchedBatchPatch } from "./fetched-batch.ts";

const Patched = requireKafkajs([fetchedBatchPatch])("src/consumer/batch.js");
const Original = requireKafkajs([])("src/consumer/batch.js");
const batchOf = (Batch: typeof Original, from: bigint, data: FetchedPartition) => new Batch("t", String(from), data);

const record = (offset: DecodedMessage["offset"], isControlRecord = false): DecodedMessage => ({
  ...{ offset, isControlRecord, key: Buffer.from(isControlRecord ? [0, 0, 0, 0] : "k"), value: Buffer.from("v") },
  batchContext: { producerId: "7", inTransaction: true, isControlBatch: isControlRecord },
});
const partition = (messages: readonly DecodedMessage[], abortedTransactions: readonly unknown[] = []) => ({
  ...{ partition: 3, highWatermark: "100", abortedTransactions, messages },
});

const anAnswer = fc.record({
  from: fc.bigInt(0n, 12n),
  first: fc.bigInt(0n, 12n),
  steps: fc.array(fc.record({ step: fc.bigInt(1n, 3n), isControl: fc.boolean(), isText: fc.boolean() }), {
    maxLength: 6,
  }),
  aborted: fc.array(fc.record({ producerId: fc.constant("7"), firstOffset: fc.constant("4") }), { maxLength: 1 }),
});

test("fetched batch: has what kafkajs's own has, whatever was fetched", () => {
  fc.assert(
    fc.property(anAnswer, ({ from, first, steps, aborted }) => {
      let offset = first;
      const messages = steps.map(({ step, isControl, isText }) => {
        offset += step;
        return record(isText ? String(offset) : offset, isControl);
      });
      const data = partition(messages, aborted);
      const [ours, theirs] = [batchOf(Patched, from, data), batchOf(Original, from, data)];
      assert.deepEqual({ ...ours }, { ...theirs });
      assert.deepEqual(ours.lastOffset(), theirs.lastOffset());
    }),
  );
});

test("fetched batch: is the very list that was fetched when all of it is wanted", () => {
  const messages = [record(5n), record(6n)];
  assert.equal(batchOf(Patched, 5n, partition(messages)).messages, messages);
});
