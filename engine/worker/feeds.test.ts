/** Which partitions are sources, which are feeds of them, and where a replayed record belongs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LogRecord, type TopicPartition, partitionName } from "../log/log.ts";
import { sizeOfRecord } from "../log/producer/batch.ts";
import { maxRecordBytesOf, type RetryFeed, replayOf, sortPartitions } from "./feeds.ts";
import { toHeaders } from "./round/letter-headers.ts";
import { toRetryRecord } from "./round/retry-record.ts";

const at = (topic: string, ...partitions: readonly number[]): readonly TopicPartition[] =>
  partitions.map((partition) => ({ topic, partition }));
const small = { name: "orders", partitions: 2 };
const large = { name: "refunds", partitions: 4 };
const sorted = (...assigned: readonly TopicPartition[]) => {
  const { sources, retries, idle } = sortPartitions(assigned, { sources: [small, large], retry: "shop.retry" });
  return {
    sources: sources.map(partitionName),
    retries: retries.map(({ at: own, into }) => `${partitionName(own)} into ${into.map(partitionName).join(" ")}`),
    idle: idle.map(partitionName),
  };
};

test("feeds: make a retry partition a feed of every source's partition of its number when there are several sources", () => {
  assert.deepEqual(sorted(...at("orders", 1), ...at("refunds", 1, 3), ...at("shop.retry", 1, 3)), {
    sources: ["orders/1", "refunds/1", "refunds/3"],
    retries: ["shop.retry/1 into orders/1 refunds/1", "shop.retry/3 into refunds/3"],
    idle: [],
  });
});

test("feeds: leave a retry partition idle when a source partition of its number is not here", () => {
  assert.deepEqual(sorted(...at("refunds", 0), ...at("shop.retry", 0, 2)), {
    sources: ["refunds/0"],
    retries: [],
    idle: ["shop.retry/0", "shop.retry/2"],
  });
});

const feed: RetryFeed = { at: { topic: "shop.retry", partition: 1 }, into: [...at("orders", 1), ...at("refunds", 1)] };
const origin = { topic: "refunds", partition: "1", offset: "7", timestamp: "1000", attempt: "1" };
const recordWith = (headers: LogRecord["headers"]): LogRecord => ({
  ...{ offset: 3n, timestampMs: 9_000, key: null, value: null },
  headers,
});

test("feeds: give a replayed record to the source of its original, with when it was accepted there", () => {
  const replay = replayOf(recordWith(toHeaders(origin)), feed);
  assert.deepEqual(replay, { source: "refunds", acceptedAtMs: 1_000, refusal: undefined });
});

for (const [what, headers, code] of [
  ["there is no origin", {}, "NO_REPLAY"],
  ["its offset is no number", toHeaders({ ...origin, offset: "x" }), "NO_REPLAY"],
  ["it is of another partition", toHeaders({ ...origin, partition: "0" }), "REPLAY_MISPLACED"],
  ["it is of a topic that is no source", toHeaders({ ...origin, topic: "shop.retry" }), "REPLAY_MISPLACED"],
] as const)
  test(`feeds: refuse a replayed record, and give it to the first source, when ${what}`, () => {
    const { source, refusal, acceptedAtMs } = replayOf(recordWith(headers), feed);
    assert.deepEqual([source, refusal?.code, acceptedAtMs], ["orders", code, 9_000]);
    assert.match(String(refusal?.message), /shop\.retry\/1\/3/);
  });

test("feeds: let a retry record through when its original was as large as its source allows", () => {
  const bounds = { sources: [{ ...small, maxRecordBytes: 2_000 }] };
  const original: LogRecord = { offset: 1n, timestampMs: 1, key: null, value: Buffer.alloc(1_900), headers: {} };
  const longest = toHeaders({
    topic: "t".repeat(249),
    ...{ partition: "999999", offset: String(2n ** 63n), timestamp: "1800000000000", attempt: "999999" },
    "first-at": "1800000000000",
  });
  const retried = toRetryRecord({ ...original, headers: longest }, "j".repeat(36));
  const added = sizeOfRecord({ ...retried, key: null }) - sizeOfRecord(original);
  assert.ok(added <= maxRecordBytesOf("shop.retry", bounds) - maxRecordBytesOf("orders", bounds), `${added}`);
  assert.equal(maxRecordBytesOf("orders", bounds), 2_000);
});
