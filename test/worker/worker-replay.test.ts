/** The second feed: what is put on the retry topic is decided by the partition that it came from, and letters tell what it went through. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../engine/clock.ts";
import { Poison, Retriable, Unavailable } from "../../engine/errors.ts";
import type { Log, LogRecord, TopicPartition } from "../../engine/log/log.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { earlierOf, toHeaders } from "../../engine/worker/round/letter-headers.ts";
import { retryTopic, toRetryRecord } from "../../engine/worker/round/retry-record.ts";
import { couponIssueRequests, couponsIssued } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { memoryStage, openCoupon, request, testLimits, until } from "../../topology/testing/memory-stage.ts";

const groupId = "test.coupon-issuing";
const retries = retryTopic(couponIssuing.graph.name);
const hot = partitionOfKey(Buffer.from("hot"), couponIssueRequests.partitions);
type Stage = ReturnType<typeof memoryStage>;
const text = ({ headers }: LogRecord, name: string): string => String(headers[`_flow.err.${name}`]);
const committedOf = (stage: Stage, topic: string, partition = hot) =>
  stage.broker.committed(groupId, { topic, partition });
const replay = (stage: Stage, letter: LogRecord, partition = hot) =>
  stage.broker.client("runner").append({ topic: retries, partition }, [toRetryRecord(letter, "job-1")]);
const last = (records: readonly LogRecord[]): LogRecord => records.at(-1) ?? assert.fail("no letter");

/** A stage with one letter, of a request whose step failed as told, and a worker whose step does what `fails` says from then on. */
const withLetter = async (error: Error, maxAttempts = 3) => {
  const stage = memoryStage(openCoupon("hot", 10));
  const state = { fails: true };
  const deps = stage.issuing(async (issues, issue) => {
    if (state.fails) throw error;
    return issue(issues);
  });
  await stage.send([request(1, "hot")]);
  const worker = await stage.start("w1", { deps, maxAttempts });
  await until("there is a letter", () => stage.deadLetters().length === 1);
  return { stage, state, worker, deps, letter: last(stage.deadLetters()) };
};

test("worker: decides a letter that is put on the retry topic, and commits both topics by themselves", async () => {
  const { stage, state, worker, letter } = await withLetter(new Retriable("BROKEN", "a bug"));
  state.fails = false;
  await replay(stage, letter);
  await until("it is issued", () => stage.database.verdicts.size === 1);
  await until("the replay is committed", () => committedOf(stage, retries) === 1n);
  assert.equal(committedOf(stage, couponIssueRequests.name), 1n);
  assert.equal((await stage.read(couponsIssued)).length, 1);
  assert.equal(stage.deadLetters().length, 1);
  await worker.stop();
});

test("worker: changes nothing when a letter is replayed twice", async () => {
  const { stage, state, worker, letter } = await withLetter(new Retriable("BROKEN", "a bug"));
  state.fails = false;
  await replay(stage, letter);
  await until("it is issued", () => stage.database.verdicts.size === 1);
  await replay(stage, letter);
  await until("both replays are committed", () => committedOf(stage, retries) === 2n);
  assert.deepEqual([...stage.database.remaining.values()], [9]);
  assert.deepEqual(
    [...stage.stock.counters.values()].map(({ left }) => left),
    [9],
  );
  const told = await stage.read(couponsIssued);
  assert.equal(new Set(told.map(({ reservationId }) => reservationId)).size, 1);
  assert.equal(stage.deadLetters().length, 1);
  await worker.stop();
});

test("worker: writes a letter of the next attempt, from the origin of its record, when a replay fails again", async () => {
  const { stage, worker, letter } = await withLetter(new Retriable("BROKEN", "a bug"));
  await replay(stage, letter);
  await until("there is a second letter", () => stage.deadLetters().length === 2);
  const [first, second] = stage.deadLetters().map(({ headers }) => earlierOf(headers));
  assert.deepEqual(second?.origin, first?.origin);
  assert.deepEqual([second?.attempt, second?.job, second?.firstAtMs], [2, "job-1", first?.firstAtMs]);
  await worker.stop();
});

test("worker: judges a replay by when its original was accepted, and dates what it issues by the replay", async () => {
  const closedAt = Date.now() - 60_000;
  const stage = memoryStage({ ...openCoupon("hot", 10), closesAt: closedAt });
  const encode = await stage.codec.encoder(couponIssueRequests);
  const retried = (n: number, acceptedAt: number) =>
    toRetryRecord({
      ...{ key: Buffer.from("hot"), value: encode(request(n, "hot")) },
      headers: toHeaders({
        ...{ topic: couponIssueRequests.name, partition: String(hot), offset: String(n), attempt: "1" },
        timestamp: String(acceptedAt),
      }),
    });
  const records = [retried(1, closedAt - 1), retried(2, closedAt + 1)];
  await stage.broker.client("runner").append({ topic: retries, partition: hot }, records);
  const worker = await stage.start("w1");
  await until("both are decided", () => committedOf(stage, retries) === 2n);
  assert.deepEqual(
    [...stage.database.verdicts.values()].map((verdict) =>
      verdict.kind === "refused" ? verdict.reason : verdict.kind,
    ),
    ["issued", "CLOSED"],
  );
  const [issued] = await stage.read(couponsIssued);
  assert.equal(issued?.issuedAt, stage.broker.records({ topic: retries, partition: hot })[0]?.timestampMs);
  await worker.stop();
});

for (const [what, headers, code] of [
  ["does not name its original's place", {}, "NO_REPLAY"],
  ["is of another partition", { partition: String((hot + 1) % couponIssueRequests.partitions) }, "REPLAY_MISPLACED"],
  ["is of a topic that is no source", { topic: "orders" }, "REPLAY_MISPLACED"],
] as const)
  test(`worker: dead-letters a record of the retry topic when it ${what}`, async () => {
    const { stage, state, worker, letter } = await withLetter(new Retriable("BROKEN", "a bug"));
    state.fails = false;
    const changed = Object.entries(headers).map(([name, value]) => [`_flow.err.${name}`, Buffer.from(value)]);
    const stray = code === "NO_REPLAY" ? {} : { ...letter.headers, ...Object.fromEntries(changed) };
    await replay(stage, { ...letter, headers: stray });
    await until("there is a second letter", () => stage.deadLetters().length === 2);
    assert.ok(stage.deadLetters().some((one) => text(one, "code") === code));
    assert.equal(stage.database.verdicts.size, 0);
    await until("it is committed", () => committedOf(stage, retries) === 1n);
    await worker.stop();
  });

test("worker: holds no live record when every replay fails", async () => {
  const { stage, state, deps, worker, letter } = await withLetter(new Poison("WRONG", "no row fits"));
  await worker.stop();
  for (let n = 0; n < 200; n += 1) await replay(stage, letter);
  const flood = { windowRecords: 100, minRecords: 20, maxShare: 0.5 };
  const patient = await stage.start("w2", { deps, flood });
  await until("all of them failed again", () => stage.deadLetters().length === 201);
  assert.deepEqual(patient.holding(), []);
  state.fails = false;
  await stage.send([request(2, "hot")]);
  await until("a live one is issued", () => stage.database.verdicts.size === 1);
  await patient.stop();
});

/** The log of a worker that does not know the retry topic. */
const olderLog = (stage: Stage, name: string): Log => {
  const log = stage.broker.client(name);
  return {
    partitionCount: log.partitionCount.bind(log),
    append: log.append.bind(log),
    close: log.close.bind(log),
    subscribe: ({ topics, ...options }, listener) =>
      log.subscribe({ ...options, topics: topics.filter((topic) => topic !== retries) }, listener),
  };
};

test("worker: reads and commits nothing of a retry partition when an older release has its source", async () => {
  const [own, others] = [0, 1].map(couponIn) as [string, string];
  const stage = memoryStage(openCoupon(own, 10), openCoupon(others, 10));
  const newer = await stage.start("new");
  await until("the new one leads", () => stage.broker.assignments(groupId).size === 1);
  const older = await stage.start("old", { log: olderLog(stage, "old") });
  const has = (who: string, topic: string) =>
    stage.broker
      .assignments(groupId)
      .get(who)
      ?.some((at) => at.topic === topic && at.partition === 1) ?? false;
  await until("its source is the older one's", () => has("old", couponIssueRequests.name) && has("new", retries));
  const encode = await stage.codec.encoder(couponIssueRequests);
  for (const [n, couponId] of [
    [1, others],
    [2, own],
  ] as const) {
    const partition = partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions);
    const origin = {
      topic: couponIssueRequests.name,
      partition: String(partition),
      offset: "0",
      timestamp: "1",
      attempt: "1",
    };
    const record = { key: Buffer.from(couponId), value: encode(request(n, couponId)), headers: toHeaders(origin) };
    await stage.broker.client("runner").append({ topic: retries, partition }, [record]);
  }
  await until("the one whose source is here is decided", () => committedOf(stage, retries, 0) === 1n);
  assert.equal(committedOf(stage, retries, 1), undefined);
  assert.equal(stage.database.verdicts.size, 1);
  await older.stop();
  await until("the other one is decided when the older one has left", () => committedOf(stage, retries, 1) === 1n);
  assert.equal(stage.database.verdicts.size, 2);
  await newer.stop();
});

/** A coupon of a partition. */
const couponIn = (partition: number): string => {
  const names = Array.from({ length: 100 }, (_, n) => `coupon-${n}`);
  const found = names.find((name) => partitionOfKey(Buffer.from(name), couponIssueRequests.partitions) === partition);
  return found ?? assert.fail("no coupon of this partition");
};

test("worker: pauses and resumes both feeds of a partition when it is full", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const gate = Promise.withResolvers<void>();
  const deps = stage.issuing(async (issues, issue) => {
    await gate.promise;
    return issue(issues);
  });
  const calls: string[] = [];
  const log = stage.broker.client("w1");
  const watching: Log = {
    ...olderLog(stage, "w1"),
    subscribe: async (options, listener) => {
      const subscription = await log.subscribe(options, listener);
      const noted = (what: "pause" | "resume") => (at: TopicPartition) => {
        calls.push(`${what} ${at.topic}/${at.partition}`);
        subscription[what](at);
      };
      return { ...subscription, pause: noted("pause"), resume: noted("resume") };
    },
  };
  await stage.send(Array.from({ length: 20 }, (_, n) => request(n + 1, "hot")));
  const worker = await stage.start("w1", { log: watching, deps, limits: { ...testLimits, maxRecords: 5 } });
  const both = (what: string) =>
    [couponIssueRequests.name, retries].every((topic) => calls.includes(`${what} ${topic}/${hot}`));
  await until("both are paused", () => both("pause"));
  assert.ok(!both("resume"));
  gate.resolve();
  await until("both are resumed", () => both("resume"));
  await until("all are issued", () => stage.database.verdicts.size === 20);
  await worker.stop();
});

test("worker: refuses to start when the retry topic has other partitions than its source", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  stage.broker.createTopic(retries, couponIssueRequests.partitions + 1);
  await assert.rejects(stage.start("w1"), { code: "PARTITION_COUNT" });
});

test("dead letter: tells five tries, and when the first and the last failed, when a step failed five times", async () => {
  let nowMs = 1_000;
  const { worker, letter } = await withLetterAt(() => nowMs++, new Retriable("BROKEN", "a bug"), 5);
  assert.deepEqual([text(letter, "attempt"), text(letter, "tries")], ["1", "5"]);
  assert.ok(Number(text(letter, "first-at")) < Number(text(letter, "last-at")));
  await worker.stop();
});

const withLetterAt = async (now: () => number, error: Error, maxAttempts: number) => {
  const stage = memoryStage(openCoupon("hot", 10));
  const deps = stage.issuing(async () => {
    throw error;
  });
  await stage.send([request(1, "hot")]);
  const worker = await stage.start("w1", {
    deps,
    maxAttempts,
    clock: { now, sleep: soon },
  });
  await until("there is a letter", () => stage.deadLetters().length === 1);
  return { stage, worker, letter: last(stage.deadLetters()) };
};

test("dead letter: counts the tries of the rounds that a record was isolated from, and of a hold", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  let calls = 0;
  const deps = stage.issuing(async (issues, issue) => {
    calls += 1;
    if (calls <= 2) throw new Unavailable("database", "refused");
    if (issues.some(({ userId }) => userId === "user-2")) throw new Retriable("BROKEN", "a bug");
    return issue(issues);
  });
  await stage.send([1, 2, 3, 4].map((n) => request(n, "hot")));
  const worker = await stage.start("w1", { deps, maxAttempts: 2 });
  await until("the others are issued", () => stage.database.verdicts.size === 3);
  await until("there is a letter", () => stage.deadLetters().length === 1);
  const [letter] = stage.deadLetters();
  // Two tries of the hold, and two each of its rounds of 4, 2 and 1.
  assert.deepEqual(letter && [text(letter, "tries"), text(letter, "attempt")], ["8", "1"]);
  await worker.stop();
});

test("dead letter: counts the tries of a round that was held for a flood", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  let isFlood = true;
  const deps = stage.issuing(async (issues, issue) => {
    if (isFlood || issues.some(({ userId }) => userId === "user-1")) throw new Poison("WRONG", "no row fits");
    return issue(issues);
  });
  await stage.send(Array.from({ length: 8 }, (_, n) => request(n + 1, "hot")));
  const flood = { windowRecords: 100, minRecords: 4, maxShare: 0.5 };
  const worker = await stage.start("w1", { deps, flood, clock: { now: systemClock.now, sleep: soon } });
  await until("it holds", () => worker.holding().length > 0);
  isFlood = false;
  await until("the others are issued", () => stage.database.verdicts.size === 7);
  await until("there is a letter", () => stage.deadLetters().length === 1);
  const [letter] = stage.deadLetters();
  // Four of each decision: its rounds of 8, 4, 2 and 1.
  assert.ok(letter && Number(text(letter, "tries")) >= 8, letter && text(letter, "tries"));
  await worker.stop();
});

/** Time that passes at once. */
async function soon(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}
