/** Since when a topic has everything: what the verifier must know before it calls a missing record lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { couponsIssued } from "../../schemas/coupon.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { RegistryUnavailable } from "../../engine/registry/http.ts";
import { readValues } from "./read-values.ts";

const none = { schemaOf: async () => undefined, idOf: async () => undefined };
const codec = createCodec({ source: none, now: () => 0 });
const recordAt = (timestampMs: number) => ({ offset: 0n, timestampMs, key: null, value: null, headers: {} });

/** A topic by partition: its first offset, and when its records were appended. */
const topicOf = (partitions: readonly (readonly [start: bigint, times: readonly number[]])[]) => ({
  codec,
  admin: {
    startOffsets: async () => partitions.map(([start]) => start),
    readTopic: async (_: string, onRecords: (partition: number, records: ReturnType<typeof recordAt>[]) => unknown) => {
      for (const [partition, [, times]] of partitions.entries()) {
        for (const at of times) await onRecords(partition, [recordAt(at)]);
      }
    },
  },
});
const sinceOf = (...partitions: Parameters<typeof topicOf>[0]) =>
  readValues(topicOf(partitions), couponsIssued, () => {});

test("readValues: answers 0 when every partition has its beginning", async () => {
  assert.equal(await sinceOf([0n, [5, 6]], [0n, []]), 0);
});

test("readValues: answers the latest oldest record of the partitions that have lost their beginning", async () => {
  assert.equal(await sinceOf([3n, [5, 6]], [2n, [7, 8]], [0n, [9]]), 7);
});

test("readValues: answers now when a partition has lost all it had", async () => {
  const before = Date.now();
  assert.ok((await sinceOf([3n, []], [0n, [9]])) >= before);
});

test("readValues: names the registry when it is away and a record's schema is not known", async () => {
  const away = {
    schemaOf: () => Promise.reject(new RegistryUnavailable("schema 7", {})),
    idOf: async () => undefined,
  };
  const record = { ...recordAt(1), value: Buffer.from([0, 0, 0, 0, 7, 1]) };
  const reader = {
    codec: createCodec({ source: away, now: () => 0, unknownIdGraceMs: 0 }),
    admin: {
      startOffsets: async () => [0n],
      readTopic: async (_: string, onRecords: (partition: number, records: (typeof record)[]) => unknown) =>
        void (await onRecords(0, [record])),
    },
  };
  await assert.rejects(
    readValues(reader, couponsIssued, () => {}),
    RegistryUnavailable,
  );
});
