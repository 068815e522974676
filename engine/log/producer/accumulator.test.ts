/** The producer on a log that is slow, away, or refuses records. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import fc from "fast-check";
import { AccessRefused, Fatal, Poison, Unavailable } from "../../errors.ts";
import {
  type AccumulatorOptions,
  createAccumulator,
  loadPartitionCounts,
  ProducerClosed,
  RecordsRefused,
} from "./accumulator.ts";
import { partitionOfKey } from "./partitioner.ts";
import type { LogWriter, NewRecord, TopicPartition } from "../log.ts";
import { silentLogger } from "../../logger.ts";

const to: TopicPartition = { topic: "t", partition: 0 };
const recordOf = (text: string): NewRecord => ({ key: null, value: Buffer.from(text) });
const recordsOf = (...texts: readonly string[]): readonly NewRecord[] => texts.map(recordOf);
const textsOf = (records: readonly NewRecord[]): readonly string[] => records.map(({ value }) => String(value));

/** A log that writes down its batches; `answer` decides about each, and may keep it waiting. */
const fakeLog = (answer: (texts: readonly string[], attempt: number) => unknown = () => undefined) => {
  const attempts: { readonly to: TopicPartition; readonly texts: readonly string[] }[] = [];
  const written: string[] = [];
  const inFlight = new Set<string>();
  const writer: LogWriter = {
    partitionCount: async () => 3,
    append: async (at, records) => {
      const name = `${at.topic}/${at.partition}`;
      assert.ok(!inFlight.has(name), "two appends to one partition at once");
      inFlight.add(name);
      try {
        attempts.push({ to: at, texts: textsOf(records) });
        await answer(textsOf(records), attempts.length);
        const firstOffset = BigInt(written.length);
        written.push(...textsOf(records));
        return firstOffset;
      } finally {
        inFlight.delete(name);
      }
    },
  };
  return { writer, attempts, written };
};

const producerOn = (writer: LogWriter, options: Partial<AccumulatorOptions> = {}) => {
  const sleeps: number[] = [];
  const clock = {
    now: () => 0,
    sleep: async (ms: number) => {
      sleeps.push(ms);
      await turn();
    },
  };
  const producer = createAccumulator({
    writer,
    partitionCounts: new Map([["t", 3]]),
    clock,
    random: () => 1,
    backoff: { initialMs: 10, maxMs: 40 },
    maxBatchRecords: 2_000,
    maxBatchBytes: 512 * 1_024,
    logger: silentLogger,
    ...options,
  });
  return { producer, sleeps };
};

test("producer: appends in one go what is handed over in one turn, and what queues up meanwhile in the next", async () => {
  const first = Promise.withResolvers<void>();
  const log = fakeLog((_, attempt) => (attempt === 1 ? first.promise : undefined));
  const { producer } = producerOn(log.writer);
  const calls = [producer.produce(to, recordsOf("a")), producer.produce(to, recordsOf("b", "c"))];
  await turn();
  calls.push(producer.produce(to, recordsOf("d")), producer.produce(to, recordsOf("e")));
  await turn();
  assert.deepEqual(
    log.attempts.map(({ texts }) => texts),
    [["a", "b", "c"]],
  );
  assert.equal(producer.backlogRecords(), 5);
  first.resolve();
  await Promise.all(calls);
  assert.deepEqual(
    log.attempts.map(({ texts }) => texts),
    [
      ["a", "b", "c"],
      ["d", "e"],
    ],
  );
  assert.equal(producer.backlogRecords(), 0);
});

test("producer: answers where the first record of each call is when calls share appends and are split over them", async () => {
  const log = fakeLog(([text]) => {
    if (text === "a") throw new Poison("RECORD_TOO_LARGE", "too large");
  });
  const { producer } = producerOn(log.writer, { maxBatchRecords: 3 });
  const calls = [["a"], ["b"], ["c", "d", "e"], ["f"], []].map((texts) => producer.produce(to, recordsOf(...texts)));
  const ends = await Promise.allSettled(calls);
  assert.deepEqual(log.written, ["b", "c", "d", "e", "f"]);
  assert.deepEqual(
    ends.map((end) => (end.status === "fulfilled" ? end.value : end.status)),
    ["rejected", 0n, 1n, 4n, undefined],
  );
});

test("producer: resolves a call only when its own records are acknowledged", async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const log = fakeLog((_, attempt) => gates[attempt - 1]?.promise);
  const { producer } = producerOn(log.writer, { maxBatchRecords: 2 });
  const ended: string[] = [];
  const calls = [
    producer.produce(to, recordsOf("a")).then(() => ended.push("first")),
    producer.produce(to, recordsOf("b", "c")).then(() => ended.push("second")),
  ];
  gates[0]?.resolve();
  await turn();
  assert.deepEqual(ended, ["first"]);
  gates[1]?.resolve();
  await Promise.all(calls);
  assert.deepEqual(
    log.attempts.map(({ texts }) => texts),
    [["a", "b"], ["c"]],
  );
});

test("producer: writes to different partitions side by side", async () => {
  const blocked = Promise.withResolvers<void>();
  const log = fakeLog(([text]) => (text === "slow" ? blocked.promise : undefined));
  const { producer } = producerOn(log.writer);
  const slow = producer.produce(to, recordsOf("slow"));
  await producer.produce({ topic: "t", partition: 1 }, recordsOf("fast"));
  assert.deepEqual(log.written, ["fast"]);
  blocked.resolve();
  await slow;
});

test("producer: bounds a batch by bytes, and lets a record that exceeds them go by itself", async () => {
  const log = fakeLog();
  // 24 bytes are allowed for what surrounds a value: two of 30 are 108.
  const { producer } = producerOn(log.writer, { maxBatchBytes: 110 });
  const [a, b, big, c] = ["a".repeat(30), "b".repeat(30), "x".repeat(500), "c"] as const;
  await producer.produce(to, recordsOf(a, b, big, c));
  assert.deepEqual(
    log.attempts.map(({ texts }) => texts),
    [[a, b], [big], [c]],
  );
});

test("producer: appends the same batch again, in order, while the log is away", async () => {
  const log = fakeLog((_, attempt) => {
    if (attempt <= 4) throw new Unavailable("kafka", "no broker");
  });
  const { producer, sleeps } = producerOn(log.writer);
  const calls = [producer.produce(to, recordsOf("a", "b"))];
  await turn();
  calls.push(producer.produce(to, recordsOf("c")));
  await Promise.all(calls);
  const tried = log.attempts.map(({ texts }) => texts.join());
  assert.deepEqual(tried, ["a,b", "a,b", "a,b", "a,b", "a,b", "c"]);
  assert.deepEqual(sleeps, [10, 20, 40, 40]);
});

test("producer: tries again when the failure is not classified", async () => {
  const log = fakeLog((_, attempt) => {
    if (attempt === 1) throw new Error("what?");
  });
  await producerOn(log.writer).producer.produce(to, recordsOf("a"));
  assert.deepEqual(log.written, ["a"]);
});

test("producer: writes all but the record that is too large, in order, whatever the batches", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.boolean(), { maxLength: 6 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 9 }),
      async (calls, maxBatchRecords) => {
        const log = fakeLog((texts) => {
          if (texts.some((text) => text.startsWith("big"))) throw new Poison("RECORD_TOO_LARGE", "too large");
        });
        const { producer } = producerOn(log.writer, { maxBatchRecords });
        const texts = calls.map((flags, call) => flags.map((big, at) => `${big ? "big" : "ok"} ${call}.${at}`));
        const ended = await Promise.allSettled(texts.map((of) => producer.produce(to, recordsOf(...of))));
        assert.deepEqual(
          log.written,
          texts.flat().filter((text) => text.startsWith("ok")),
        );
        ended.forEach((end, call) => {
          const guilty = (calls[call] ?? []).flatMap((big, at) => (big ? [at] : []));
          const refused: unknown = end.status === "rejected" ? end.reason : undefined;
          assert.deepEqual(refused instanceof RecordsRefused ? refused.recordIndexes : [], guilty);
          assert.equal(end.status, guilty.length === 0 ? "fulfilled" : "rejected");
          if (refused instanceof RecordsRefused) assert.equal(refused.code, "RECORD_TOO_LARGE");
        });
        assert.equal(producer.backlogRecords(), 0);
      },
    ),
  );
});

test("producer: rejects with the log's error when the process is wrong", async () => {
  const fatal = new Fatal("KAFKA_DENIED", "not allowed");
  const log = fakeLog(() => {
    throw fatal;
  });
  await assert.rejects(producerOn(log.writer).producer.produce(to, recordsOf("a")), fatal);
  assert.equal(log.attempts.length, 1);
});

test("producer: close waits for what is queued, and takes nothing more", async () => {
  const gate = Promise.withResolvers<void>();
  const log = fakeLog(() => gate.promise);
  const { producer } = producerOn(log.writer, { maxBatchRecords: 1 });
  const calls = Promise.all([producer.produce(to, recordsOf("a")), producer.produce(to, recordsOf("b"))]);
  let closed = false;
  const closing = producer.close().then(() => {
    closed = true;
  });
  await assert.rejects(producer.produce(to, recordsOf("late")), ProducerClosed);
  await turn();
  assert.equal(closed, false);
  gate.resolve();
  await Promise.all([closing, calls]);
  assert.deepEqual(log.written, ["a", "b"]);
  await producer.close();
});

test("producer: abandon rejects everything pending and ends the retrying", async () => {
  const log = fakeLog(() => {
    throw new Unavailable("kafka", "no broker");
  });
  const { producer } = producerOn(log.writer, { maxBatchRecords: 1 });
  const calls = Promise.allSettled([producer.produce(to, recordsOf("a", "b")), producer.produce(to, recordsOf("c"))]);
  await turn();
  producer.abandon();
  for (const end of await calls) assert.ok(end.status === "rejected" && end.reason instanceof ProducerClosed);
  assert.equal(producer.backlogRecords(), 0);
  await producer.close();
  const attempts = log.attempts.length;
  await turn();
  await turn();
  assert.equal(log.attempts.length, attempts);
});

test("producer: takes a call without records for written", async () => {
  const log = fakeLog();
  await producerOn(log.writer).producer.produce(to, []);
  assert.equal(log.attempts.length, 0);
});

test("producer: spreads keys by murmur2 over the partitions it was given", async () => {
  const log = fakeLog();
  const counts = await loadPartitionCounts(log.writer, ["t"]);
  const { producer } = producerOn(log.writer, { partitionCounts: counts });
  const key = Buffer.from("coupon-1");
  assert.equal(producer.partitionOf("t", key), partitionOfKey(key, 3));
  assert.throws(() => producer.partitionOf("other", key), { code: "UNKNOWN_TOPIC" });
});

test("producer: knows how long the partition that has waited longest has made no progress, and forgets it when it makes some", async () => {
  let now = 1_000;
  const answers = [0, 1].map(() => Promise.withResolvers<void>());
  const log = fakeLog((texts) => answers[Number(texts[0])]?.promise);
  const { producer } = producerOn(log.writer, { clock: { now: () => now, sleep: async () => {} } });
  assert.equal(producer.noProgressSinceMs(), undefined);
  const first = producer.produce(to, recordsOf("0"));
  await turn();
  now = 2_000;
  const second = producer.produce({ ...to, partition: 1 }, recordsOf("1"));
  await turn();
  assert.equal(producer.noProgressSinceMs(), 1_000);
  now = 3_000;
  answers[0]?.resolve();
  await first;
  await turn();
  assert.equal(producer.noProgressSinceMs(), 2_000);
  answers[1]?.resolve();
  await second;
  await turn();
  assert.equal(producer.noProgressSinceMs(), undefined);
});

test("producer: has not stood still when it tries an append again", async () => {
  let now = 1_000;
  const slept = Promise.withResolvers<void>();
  const log = fakeLog((_, attempt) => {
    now = 5_000;
    if (attempt === 1) throw new Unavailable("kafka", "refused");
  });
  const { producer } = producerOn(log.writer, { clock: { now: () => now, sleep: () => slept.promise } });
  const call = producer.produce(to, recordsOf("a"));
  await turn();
  assert.equal(producer.noProgressSinceMs(), 5_000);
  slept.resolve();
  await call;
});

test("producer: tells what its appends fail with while they are tried again, and nothing once one is taken", async () => {
  const refusal = new AccessRefused("kafka", "KAFKA_REFUSED", "the brokers refuse us");
  const seen: unknown[] = [];
  const { writer } = fakeLog((_, attempt) => {
    seen.push(producer.trouble()?.error);
    if (attempt < 3) throw refusal;
  });
  const { producer } = producerOn(writer);
  await producer.produce(to, recordsOf("a"));
  assert.deepEqual(seen, [undefined, refusal, refusal]);
  assert.equal(producer.trouble(), undefined);
});
