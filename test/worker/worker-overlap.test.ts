/** The worker where work outlasts its assignment, and where something that it waits for never comes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import { couponIssueRequests, couponsIssued } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { CommitRefused, type Log, type Subscription } from "../../engine/log/log.ts";
import {
  memoryStage,
  memoryStageWith,
  openCoupon,
  request,
  testLimits,
  until,
} from "../../topology/testing/memory-stage.ts";
import type { Worker } from "../../engine/worker/worker.ts";

const groupId = "test.coupon-issuing";
const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => request(from + n, "hot"));
const hot = {
  topic: couponIssueRequests.name,
  partition: partitionOfKey(Buffer.from("hot"), couponIssueRequests.partitions),
};
/** Long for what answers, also on a machine that is busy. */
const tiny = { unreadyMs: 50, endMs: 500 };

/** A log whose commits are made by `commit`. */
const committing = (log: Log, commit: (real: Subscription["commit"]) => Subscription["commit"]): Log => ({
  partitionCount: log.partitionCount.bind(log),
  append: log.append.bind(log),
  close: log.close.bind(log),
  subscribe: async (options, listener) => {
    const subscription = await log.subscribe(options, listener);
    return { ...subscription, commit: commit(subscription.commit) };
  },
});

const fetchedOf = (worker: Worker): number => {
  const status = worker.status().get(`${hot.topic}/${hot.partition}`);
  return status === undefined ? 0 : status.queuedRecords + status.inFlightRecords;
};

/** Has the group rebalance, and waits until the partitions were given back although work was in flight. */
const reassign = async (stage: ReturnType<typeof memoryStage>): Promise<void> => {
  const before = stage.broker.generation(groupId);
  stage.broker.rebalance(groupId);
  await until("the partitions are assigned again", () => stage.broker.generation(groupId) > before);
};

test("worker: runs no record again that a round of a former assignment brings to its end, however often it is assigned anew", async () => {
  const stage = memoryStageWith({ drainBudgetMs: 5 }, openCoupon("hot", 100));
  const answer = Promise.withResolvers<void>();
  const asked: number[] = [];
  const deps = stage.issuing(async (issues, issue) => {
    asked.push(issues.length);
    const answers = await issue(issues);
    await answer.promise;
    return answers;
  });
  await stage.send(many(0, 10));
  const worker = await stage.start("w1", { deps });
  await until("it is deciding all of them", () => asked.length === 1 && fetchedOf(worker) === 10);
  await reassign(stage);
  await until("it has fetched them again", () => fetchedOf(worker) === 10);
  await reassign(stage);
  await stage.send(many(10, 5));
  await until("it has fetched them once more, and others", () => fetchedOf(worker) === 15);
  assert.deepEqual(asked, [10]);
  answer.resolve();
  await until("all is committed", () => stage.broker.committed(groupId, hot) === 15n);
  await worker.stop();
  assert.deepEqual(asked, [10, 5]);
  assert.equal((await stage.read(couponsIssued)).length, 15);
});

test("worker: runs a record again when the round of the former assignment was given up", async () => {
  const stage = memoryStageWith({ drainBudgetMs: 5 }, openCoupon("hot", 100));
  const refused = Promise.withResolvers<void>();
  let calls = 0;
  const deps = stage.issuing(async (issues, issue) => {
    if (++calls > 1) return issue(issues);
    await refused.promise;
    throw new Unavailable("database", "cut");
  });
  await stage.send(many(0, 10));
  const worker = await stage.start("w1", { deps });
  await until("it is deciding", () => calls === 1);
  await reassign(stage);
  refused.resolve();
  await until("all is committed", () => stage.broker.committed(groupId, hot) === 10n);
  await worker.stop();
  assert.equal((await stage.read(couponsIssued)).length, 10);
});

test("worker: lives on when the log takes nothing for long, also while records wait for a round of before", async () => {
  const stage = memoryStageWith({ drainBudgetMs: 5 }, openCoupon("hot", 100));
  const backAt = Date.now() + 3 * tiny.endMs;
  let refusals = 0;
  stage.broker.failAppends(({ topic }) => {
    if (topic !== couponsIssued.name || Date.now() > backAt) return undefined;
    refusals++;
    return "refused";
  });
  await stage.send(many(0, 10));
  const worker = await stage.start("w1", { stall: tiny });
  await until("it cannot publish what it issued", () => refusals > 3);
  await reassign(stage);
  await until("it has fetched them again", () => fetchedOf(worker) === 10);
  await until("all is committed", () => stage.broker.committed(groupId, hot) === 10n);
  assert.equal(await Promise.race([worker.ended, "it lives"]), "it lives");
  assert.ok(worker.ready().ok);
  await worker.stop();
});

test("worker: ends when one partition's append never answers, while others' do", async () => {
  const stage = memoryStageWith({ drainBudgetMs: 5 }, openCoupon("hot", 100), openCoupon("cold", 100_000));
  const log = stage.broker.client("w1");
  const stuck: Log = {
    ...committing(log, (commit) => commit),
    append: (to, records) =>
      records.some(({ key }) => String(key) === "hot") ? new Promise(() => {}) : log.append(to, records),
  };
  await stage.send(many(0, 1));
  const worker = await stage.start("w1", { log: stuck, stall: tiny });
  let error: Error | undefined;
  void worker.ended.then((reason) => {
    error = reason;
  });
  for (let n = 1_000; error === undefined; n += 1) {
    await stage.send([request(n, "cold")]);
    await until("it is decided", () => stage.database.verdicts.size === n - 998);
  }
  assert.match(String(error), /the acknowledgement of what \d+ records of coupon-issue.* wrote/);
  await worker.stop();
});

test("worker: ends when a commit never answers", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const log = committing(stage.broker.client("w1"), () => () => new Promise(() => {}));
  await stage.send(many(0, 1));
  const worker = await stage.start("w1", { log, stall: tiny });
  assert.match(String(await worker.ended), /nothing has come of a commit of offsets/);
  void worker.stop(); // waits for that commit, as long as its process lets it
});

test("worker: ends when a task that keeps a lane to itself never answers", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  await stage.send(many(0, 1));
  const worker = await stage.start("w1", {
    stall: tiny,
    upkeep: {
      ...{ intervalMs: 1, topic: couponIssueRequests },
      pass: async ({ exclusive }) => void (await exclusive("hot", () => new Promise(() => {}))),
    },
  });
  assert.match(String(await worker.ended), /nothing has come of a key's task of coupon-issue/);
  void worker.stop(); // waits for that task, as long as its process lets it
});

test("worker: ends when its lease was taken and the group does not confirm that the partition is its own", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  let expelled = false;
  const log = committing(stage.broker.client("w1"), (commit) => async (offsets) => {
    if (expelled) throw new CommitRefused("its session has expired");
    await commit(offsets);
  });
  await stage.send(many(0, 1));
  const worker = await stage.start("w1", { log, stall: tiny });
  await until("the first is issued", () => stage.database.verdicts.size === 1);
  expelled = true;
  await stage.leases.take({ topology: couponIssuing.graph.name, ...hot }, "the new owner");
  await stage.send(many(1, 1));
  assert.match(String(await worker.ended), /nothing has come of the lease for write-through/);
  await worker.stop();
});

test("worker: forgets a flood that it held when the partition leaves, and holds it again when it comes back", async () => {
  const stage = memoryStageWith({ drainBudgetMs: 1_000 }, openCoupon("hot", 1_000));
  // A schema of the topic, and a body that is none: what names no schema is no flood.
  for (let n = 0; n < 50; n++) await stage.sendRaw("hot", Buffer.from([0, 0, 0, 0, 1, 0xff]));
  const flood = { windowRecords: 100, minRecords: 20, maxShare: 0.5 };
  const limits = { ...testLimits, maxRound: 50 };
  const worker = await stage.start("w1", { flood, limits });
  const floods = () => worker.holding().filter(({ code }) => code === "DEAD_LETTER_FLOOD").length;
  await until("it holds", () => floods() === 1);
  await reassign(stage);
  await until("it holds again", () => floods() === 1 && fetchedOf(worker) === 50);
  await worker.stop();
  assert.deepEqual(worker.holding(), []);
  assert.equal(stage.deadLetters().length, 0);
  assert.equal(stage.broker.committed(groupId, hot), 0n);
});
