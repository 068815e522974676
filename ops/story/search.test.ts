/** Looking for a record in a bounded part of a topic. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal } from "../../engine/errors.ts";
import { aRecord } from "../../engine/dlq/testing/samples.ts";
import { type SearchedCluster, searchTopic } from "./search.ts";

/** A topic of two partitions whose record at offset n is of time n. */
const cluster = (ends: readonly bigint[], starts: readonly bigint[] = [0n, 0n]) => {
  const read: bigint[] = [];
  const at = (ms: number, end: bigint): bigint => (BigInt(ms) < end ? BigInt(ms) : end);
  const port: SearchedCluster = {
    offsetsAt: async (_, ms) =>
      ends.map((end, one) => (at(ms, end) > (starts[one] ?? 0n) ? at(ms, end) : (starts[one] ?? 0n))),
    startOffsets: async () => starts,
    endOffsets: async () => ends,
    readRanges: async (_, ranges, see) => {
      for (const { partition, from, end } of ranges) {
        const last = end < (ends[partition] ?? 0n) ? end : (ends[partition] ?? 0n);
        read.push(last - from);
        const records = Array.from({ length: Number(last - from) }, (_none, n) => {
          const offset = from + BigInt(n);
          return aRecord({ offset, timestampMs: Number(offset) });
        });
        await see(partition, records);
      }
    },
  };
  return { port, records: () => read.reduce((sum, one) => sum + one, 0n) };
};
const offsetIs =
  (wanted: bigint) =>
  (_: number, { offset }: { readonly offset: bigint }) =>
    offset === wanted ? "it" : undefined;

test("searchTopic: reads a small piece when the record is near the moment", async () => {
  const { port, records } = cluster([500_000n, 500_000n]);
  const { found, isWhole } = await searchTopic(port, "t", { fromMs: 100, partition: 1 }, offsetIs(150n));
  assert.deepEqual([found, isWhole], [{ value: "it", partition: 1, offset: 150n, at: 150 }, true]);
  assert.equal(records(), 2_000n);
});

test("searchTopic: stops at its bound, and says so, when there is more than it reads", async () => {
  const { port, records } = cluster([500_000n, 500_000n]);
  const searched = await searchTopic(port, "t", { fromMs: 100, partition: 1 }, offsetIs(400_000n));
  assert.deepEqual(searched, { isWhole: false });
  assert.equal(records(), 100_000n);
});

test("searchTopic: is certain when it has read everything from the moment to the end", async () => {
  const { port, records } = cluster([3_000n, 4_000n]);
  assert.deepEqual(await searchTopic(port, "t", { fromMs: 10 }, offsetIs(9_999n)), { isWhole: true });
  assert.equal(records(), 2_990n + 3_990n);
});

test("searchTopic: reads up to a moment when one is given", async () => {
  const { port, records } = cluster([3_000n, 4_000n]);
  const range = { fromMs: 10, toMs: 11, partition: 0 };
  assert.deepEqual(await searchTopic(port, "t", range, offsetIs(10n)), {
    ...{ found: { value: "it", partition: 0, offset: 10n, at: 10 }, isWhole: true },
  });
  assert.equal(records(), 1n);
});

test("searchTopic: is not certain when the topic has lost what was before the moment", async () => {
  const { port } = cluster([3_000n, 4_000n], [2_000n, 0n]);
  assert.deepEqual(await searchTopic(port, "t", { fromMs: 10, partition: 0 }, offsetIs(20n)), { isWhole: false });
});

test("searchTopic: finds nothing, for certain, when the topic does not exist", async () => {
  const { port } = cluster([]);
  const missing = { ...port, offsetsAt: () => Promise.reject(new Fatal("TOPIC_MISSING", "no topic")) };
  assert.deepEqual(await searchTopic(missing, "t", { fromMs: 1 }, offsetIs(1n)), { isWhole: true });
});

const byOffset = (at: number) => ({ at, timeOf: ({ offset }: { readonly offset: bigint }) => Number(offset) });

test("searchTopic: finds a record a million records later when the topic is nearly in the order of its times", async () => {
  const { port, records } = cluster([0n, 1_500_000n]);
  const range = { fromMs: 100, partition: 1 };
  const { found, isWhole } = await searchTopic(port, "t", range, offsetIs(1_200_007n), byOffset(1_200_000));
  assert.deepEqual([found?.offset, isWhole], [1_200_007n, true]);
  assert.ok(records() < 23_000n, String(records()));
});

test("searchTopic: is not certain when a record is not where it must be in a long topic, and is in a short one", async () => {
  const range = { fromMs: 0, partition: 1 };
  const long = await searchTopic(cluster([0n, 500_000n]).port, "t", range, offsetIs(999_999n), byOffset(300_000));
  assert.deepEqual(long, { isWhole: false });
  const short = await searchTopic(cluster([0n, 6_000n]).port, "t", range, offsetIs(999_999n), byOffset(3_000));
  assert.deepEqual(short, { isWhole: true });
});
