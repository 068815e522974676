/** The worker in trouble: work that outlasts its assignment, floods of dead letters, calls without an answer, a gate that forgot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessRefused, codeOf, Fenced, Poison, Unavailable } from "../../engine/errors.ts";
import type { Log, LogTrouble } from "../../engine/log/log.ts";
import type { Fence } from "../../engine/lease.ts";
import { type CouponId, couponIssueRequests, couponsIssued } from "../../schemas/coupon.ts";
import { memoryStage, openCoupon, request, until } from "../../topology/testing/memory-stage.ts";
import type { UpkeepPass } from "../../engine/worker/upkeep.ts";

const groupId = "test.coupon-issuing";
const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => request(from + n, "hot"));
type Stage = ReturnType<typeof memoryStage>;
const committedOf = (stage: Stage): bigint =>
  Array.from({ length: couponIssueRequests.partitions }, (_, partition) =>
    stage.broker.committed(groupId, { topic: couponIssueRequests.name, partition }),
  ).reduce<bigint>((sum, offset) => sum + (offset ?? 0n), 0n);

test("worker: attaches what it fetches again to the round that still has it when that outlasts its assignment", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
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
  await until("it is deciding", () => asked.length > 0);
  const first = asked.reduce((a, b) => a + b, 0);
  stage.broker.rebalance(groupId);
  await until("it has fetched them again", () =>
    [...worker.status().values()].some(({ inFlightRecords, queuedRecords }) => inFlightRecords + queuedRecords === 10),
  );
  answer.resolve();
  await until("all is committed", () => committedOf(stage) === 10n);
  await worker.stop();
  assert.equal(
    asked.reduce((a, b) => a + b, 0),
    10,
    `each once, ${first} of them before the rebalance`,
  );
  assert.equal((await stage.read(couponsIssued)).length, 10);
});

test("worker: writes no dead letter of a flood, holds, and resumes when its cause is gone", async () => {
  const stage = memoryStage(openCoupon("hot", 1_000));
  let wrong = true;
  const deps = stage.issuing(async (issues, issue) => {
    if (wrong) throw new Poison("WRONG_RELEASE", "no row fits");
    return issue(issues);
  });
  await stage.send(many(0, 300));
  const flood = { windowRecords: 1_000, minRecords: 50, maxShare: 0.5 };
  const worker = await stage.start("w1", { deps, flood });
  await until("it is not ready", () => worker.ready().why.some((why) => why.includes("DEAD_LETTER_FLOOD")));
  assert.ok(stage.deadLetters().length < 50 + 100, `${stage.deadLetters().length} are dead-lettered`);
  const before = stage.deadLetters().length;
  wrong = false;
  await worker.stop();
  const healed = await stage.start("w2", { deps, flood });
  await until("all others are issued", () => stage.database.verdicts.size === 300 - before);
  await until("all is committed", () => committedOf(stage) === 300n);
  assert.equal(stage.deadLetters().length, before);
  await healed.stop();
});

test("worker: is ready while a dependency is away for less than its grace, and forgets a hold when its partition leaves", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  let away = true;
  const deps = stage.issuing(async (issues, issue) => {
    if (away) throw new Unavailable("database", "refused");
    return issue(issues);
  });
  await stage.send(many(0, 3));
  const patient = await stage.start("w1", { deps, readinessPolicy: { graceMs: 60_000, optionalDependencies: [] } });
  await until("it holds", () => patient.holding().length > 0);
  assert.equal(patient.ready().ok, true);
  away = false;
  await until("all are issued", () => stage.database.verdicts.size === 3);
  away = true;
  await stage.send(many(3, 3));
  await until("it holds again", () => patient.holding().length > 0);
  stage.broker.rebalance(groupId);
  away = false;
  await until("all are issued in the end", () => stage.database.verdicts.size === 6);
  assert.deepEqual(patient.holding(), []);
  await patient.stop();
});

test("worker: ends when a call never answers", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const never = Promise.withResolvers<never>();
  const deps = stage.issuing(() => never.promise);
  await stage.send(many(0, 1));
  const worker = await stage.start("w1", { deps, stall: { unreadyMs: 5, endMs: 20 } });
  const error = await worker.ended;
  assert.match(String(error), /write-through of coupon-issue\/\d/);
  never.reject(new Unavailable("database", "cut off at last"));
  await worker.stop();
});

test("worker: does not end when an outage lasts, because it keeps trying", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  let attempts = 0;
  const deps = stage.issuing(async (issues, issue) => {
    if (++attempts < 60) throw new Unavailable("database", "refused");
    return issue(issues);
  });
  await stage.send(many(0, 1));
  const worker = await stage.start("w1", { deps, stall: { unreadyMs: 20, endMs: 60 } });
  await until("it is issued", () => stage.database.verdicts.size === 1);
  assert.equal(worker.ready().ok, true);
  await worker.stop();
});

test("worker: repairs a key exclusively, under its lease, when upkeep asks for it", async () => {
  const stage = memoryStage(openCoupon("hot", 1_000));
  const mended: { readonly key: string; readonly epoch: number }[] = [];
  let inFlight = 0;
  let beside = false;
  const deps = stage.issuing(async (issues, issue) => {
    inFlight++;
    const answers = await issue(issues);
    await Promise.resolve();
    inFlight--;
    return answers;
  });
  await stage.send(many(0, 500));
  const worker = await stage.start("w1", {
    deps,
    upkeep: {
      ...{ intervalMs: 1, topic: couponIssueRequests },
      pass: async ({ touched, owns, exclusive }) => {
        for (const key of [...touched, "another"].filter(owns))
          await exclusive(key, async ({ epoch }) => {
            beside ||= key === "hot" && inFlight > 0;
            mended.push({ key, epoch });
          });
      },
    },
  });
  await until("all are issued", () => stage.database.verdicts.size === 500);
  await until("both were mended", () => new Set(mended.map(({ key }) => key)).size === 2);
  await worker.stop();
  assert.equal(beside, false);
  assert.ok(mended.every(({ epoch }) => epoch >= 1));
  assert.equal(stage.database.remaining.get("hot" as CouponId), 500);
});

test("worker: takes its lease again when a key's task is refused for its epoch although the partition is its own", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  const answers: string[] = [];
  const look = async (fence: Fence): Promise<number> => {
    const { topology, topic, partition, epoch } = fence;
    const latest = stage.database.leases.get(JSON.stringify([topology, topic, String(partition)]));
    if (latest !== epoch) throw new Fenced(fence, latest);
    // A former owner's take-over comes late, once.
    if (answers.length === 0) await stage.leases.take(fence, "late");
    return epoch;
  };
  const pass = async ({ owns, exclusive }: UpkeepPass): Promise<void> => {
    if (!owns("hot") || stage.database.verdicts.size === 0) return;
    const answer = await exclusive("hot", look).catch((error: unknown) => codeOf(error));
    answers.push(String(answer));
  };
  // Something was read, so that the group can be asked.
  await stage.send(many(0, 1));
  const worker = await stage.start("w1", { upkeep: { intervalMs: 1, topic: couponIssueRequests, pass } });
  await until("it was asked three times", () => answers.length >= 3);
  await worker.stop();
  assert.deepEqual(answers.slice(0, 3), ["1", "FENCED", "3"]);
});

test("worker: is unready and names what the brokers refuse, by membership and by append, until they do no more", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const error = new AccessRefused("kafka", "KAFKA_REFUSED", "the brokers refuse us: GROUP_AUTHORIZATION_FAILED");
  const client = stage.broker.client("w1");
  const state: { trouble: LogTrouble | undefined; refuses: boolean } = { trouble: undefined, refuses: false };
  const log: Log = {
    partitionCount: client.partitionCount.bind(client),
    append: async (to, records) => {
      if (state.refuses) throw error;
      return client.append(to, records);
    },
    close: client.close.bind(client),
    subscribe: async (options, listener) => ({
      ...(await client.subscribe(options, listener)),
      trouble: () => state.trouble,
    }),
  };
  const worker = await stage.start("w1", { log });
  await until("it is ready", () => worker.ready().ok);
  state.trouble = { error, sinceMs: 0 };
  const why = () => worker.ready().why.join();
  assert.match(why(), /^KAFKA_REFUSED has lasted for \d+ s, and holds 1 call\(s\): membership \(the brokers refuse us/);
  state.trouble = undefined;
  assert.deepEqual(worker.ready(), { ok: true, why: [], codes: [] });
  state.refuses = true;
  await stage.send(many(0, 1));
  await until("it says so", () => /KAFKA_REFUSED has lasted .*: append \(/.test(why()));
  state.refuses = false;
  await until("it is issued", async () => (await stage.read(couponsIssued)).length === 1);
  await until("it is ready again", () => worker.ready().ok);
  assert.equal(stage.deadLetters().length, 0);
  await worker.stop();
});
