/** What a worker is left with when an undo fails, a record stays in doubt, or a dead letter cannot be written. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CouponStock } from "../../processors/coupons/coupon-ports.ts";
import { Poison, Retriable, Unavailable } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import { couponIssueRequests, couponsCompensated, couponsIssued, type CouponId } from "../../schemas/coupon.ts";
import type { Log } from "../../engine/log/log.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import {
  memoryStage,
  memoryStageWith,
  openCoupon,
  request,
  testLimits,
  until,
} from "../../topology/testing/memory-stage.ts";

const partitionOf = (couponId: string): number => partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions);
type Stage = ReturnType<typeof memoryStage>;

const groupId = "test.coupon-issuing";
const guilty = request(7, "hot").reservationId;
const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => request(from + n, "hot"));
const committedOf = (stage: Stage): bigint =>
  Array.from({ length: couponIssueRequests.partitions }, (_, partition) =>
    stage.broker.committed(groupId, { topic: couponIssueRequests.name, partition }),
  ).reduce<bigint>((sum, offset) => sum + (offset ?? 0n), 0n);
const said = (stage: Stage, ...names: readonly string[]): readonly (readonly string[])[] =>
  stage.deadLetters().map(({ headers }) => names.map((name) => String(headers[`_flow.err.${name}`])));

/** One of ten is wrong by the database's word, so its unit is to go back; `release` is how that fares. */
const undoing = async (release: (real: () => Promise<void>) => Promise<void>) => {
  const stage = memoryStage(openCoupon("hot", 100));
  const issuing = stage.issuing(async (issues, issue) => {
    if (issues.some(({ reservationId }) => reservationId === guilty))
      throw new Poison("BAD_ROW", "it does not fit", { idempotencyKey: guilty });
    return issue(issues);
  });
  const deps = (fence: Fence) => {
    const own = issuing(fence);
    const stock: CouponStock = { ...own.stock, release: (takes) => release(() => own.stock.release(takes)) };
    return { ...own, stock };
  };
  await stage.send(many(0, 10));
  const worker = await stage.start("w1", { deps });
  await until("all is committed", () => committedOf(stage) === 10n);
  await worker.stop();
  assert.equal(stage.database.verdicts.size, 9);
  return { stage, left: stage.stock.counters.get("hot" as CouponId)?.left };
};

test("undo: waits for the gate for as long as it is away, and then gives the unit back once", async () => {
  let failures = 40;
  const { stage, left } = await undoing(async (release) => {
    if (failures-- > 0) throw new Unavailable("redis", "refused");
    await release();
  });
  assert.equal(left, 91);
  assert.deepEqual(said(stage, "kind", "held", "code"), [["poison", "", "BAD_ROW"]]);
  assert.equal((await stage.read(couponsCompensated)).length, 1);
});

test("undo: is tried to its limit, then leaves the record in doubt with what it holds, when it keeps failing", async () => {
  let tries = 0;
  const { stage, left } = await undoing(async () => {
    tries++;
    throw new Retriable("BUSY", "the script was killed");
  });
  assert.equal(tries, 3);
  // Its unit is back as soon as another round of its coupon is settled, here that of the others of its round.
  assert.ok(left === 90 || left === 91, `${left} left`);
  assert.deepEqual(said(stage, "kind", "held", "code", "node"), [
    ["in-doubt", "reserve-stock", "BUSY", "undo release-stock"],
  ]);
  assert.deepEqual(await stage.read(couponsCompensated), []);
});

test("undo: leaves the record in doubt at once when the gate finds it wrong", async () => {
  let tries = 0;
  const { stage } = await undoing(async () => {
    tries++;
    throw new Poison("WRONGTYPE", "no hash");
  });
  assert.equal(tries, 1);
  assert.deepEqual(said(stage, "kind", "held", "code"), [["in-doubt", "reserve-stock", "WRONGTYPE"]]);
});

test("worker: leaves one of five hundred in doubt with what it holds, and issues all others, when one keeps failing unnamed", async () => {
  const stage = memoryStage(openCoupon("hot", 1_000));
  const sizes: number[] = [];
  const deps = stage.issuing(async (issues, issue) => {
    sizes.push(issues.length);
    if (issues.some(({ reservationId }) => reservationId === guilty)) throw new Retriable("DEADLOCK", "again");
    return issue(issues);
  });
  await stage.send(many(0, 500));
  const worker = await stage.start("w1", { deps, limits: { ...testLimits, maxRound: 500 } });
  await until("all is committed", () => committedOf(stage) === 500n);
  await worker.stop();
  assert.equal((await stage.read(couponsIssued)).length, 499);
  assert.deepEqual(said(stage, "kind", "held", "code", "node"), [
    ["in-doubt", "reserve-stock", "DEADLOCK", "write-through"],
  ]);
  assert.ok(sizes.length <= 10 * (3 + 1) + 5, `${sizes.length} calls`);
});

/** A coupon whose requests have the partition of `hot`, in a lane of their own. */
const neighbour = Array.from({ length: 100 }, (_, n) => `cold-${n}`).find(
  (couponId) => partitionOf(couponId) === partitionOf("hot"),
);

/** A worker that gives up on the guilty record of a first round, while no dead letter can be written; then two records more. */
const withoutLetters = async (t: TestContext, round: readonly number[]) => {
  assert.ok(neighbour !== undefined);
  const stage = memoryStage(openCoupon("hot", 1), openCoupon(neighbour, 1));
  let [refusals, away] = [0, true];
  stage.broker.failAppends(({ topic }) => {
    if (topic !== stage.dlq || !away) return undefined;
    refusals++;
    return "refused";
  });
  const deps = stage.issuing(async (issues, issue) => {
    if (issues.some(({ reservationId }) => reservationId === guilty)) throw new Retriable("DEADLOCK", "again");
    return issue(issues);
  });
  const decided = (n: number) => stage.database.verdicts.get(request(n, "any").reservationId)?.kind;
  await stage.send(round.map((n) => request(n, "hot")));
  const worker = await stage.start("w1", { deps });
  t.after(async () => {
    away = false;
    await worker.stop();
  });
  await until("its letter is refused again and again", () => refusals > 20);
  await stage.send([request(20, "hot"), request(21, neighbour)]);
  await until("another lane of the partition goes on", () => decided(21) === "issued");
  const writeLetters = async (): Promise<void> => {
    away = false;
    await until("all is committed", () => committedOf(stage) === BigInt(round.length + 2));
  };
  return { stage, decided, writeLetters };
};

test("worker: decides nothing behind a record of its round and lane when that one is given up on and its letter is not written", async (t) => {
  const { stage, decided, writeLetters } = await withoutLetters(t, [7, 8, 9]);
  assert.deepEqual([8, 9, 20].map(decided), [undefined, undefined, undefined]);
  await writeLetters();
  assert.deepEqual([7, 8, 9, 20].map(decided), [undefined, "issued", "refused", "refused"]);
  assert.deepEqual(said(stage, "kind", "code", "offset"), [["in-doubt", "DEADLOCK", "0"]]);
});

test("worker: holds the next round of a lane when a record of it is given up on and its letter is not written", async (t) => {
  const { decided, writeLetters } = await withoutLetters(t, [7]);
  assert.equal(decided(20), undefined);
  await writeLetters();
  assert.equal(decided(20), "issued");
});

test("dead letter: keeps its offset from being committed, loses nothing, and is written when its topic is back", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  let refusals = 0;
  let away = true;
  stage.broker.failAppends(({ topic }) => {
    if (topic !== stage.dlq || !away) return undefined;
    refusals++;
    return "refused";
  });
  await stage.send(many(0, 3));
  await stage.sendRaw("hot", Buffer.from("no record"));
  await stage.send(many(3, 3));
  const worker = await stage.start("w1");
  await until("the others are issued", () => stage.database.verdicts.size === 6);
  await until("it has tried again and again", () => refusals > 20);
  assert.ok(committedOf(stage) <= 3n);
  assert.deepEqual(stage.deadLetters(), []);
  away = false;
  await until("all is committed", () => committedOf(stage) === 7n);
  await worker.stop();
  assert.deepEqual(
    stage.deadLetters().map(({ value }) => String(value)),
    ["no record"],
  );
});

test("dead letter: leaves out what does not fit and says where its record is when the log takes nothing that large", async () => {
  const stage = memoryStageWith({ maxAppendBytes: 4_000 }, openCoupon("hot", 100));
  await stage.sendRaw("hot", Buffer.alloc(3_100, 1));
  await stage.sendRaw("hot", Buffer.alloc(3_990, 1));
  await stage.send(many(0, 1));
  const worker = await stage.start("w1");
  await until("all is committed", () => committedOf(stage) === 3n);
  await worker.stop();
  assert.deepEqual(said(stage, "offset", "dropped", "code"), [
    ["0", "stack", "MALFORMED"],
    ["1", "stack,key,value,headers", "MALFORMED"],
  ]);
  assert.deepEqual(
    stage.deadLetters().map(({ value }) => value?.length),
    [3_100, undefined],
  );
});

test("worker: dead-letters a record in doubt, and decides the others, when the log will never take what it is to publish", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const real = stage.broker.client("w1");
  const log: Log = {
    partitionCount: real.partitionCount.bind(real),
    subscribe: real.subscribe.bind(real),
    close: real.close.bind(real),
    append: async (to, records) => {
      if (to.topic === couponsIssued.name && records.some(({ value }) => value?.includes(guilty)))
        throw new Poison("RECORD_TOO_LARGE", "more than the topic takes");
      await real.append(to, records);
    },
  };
  await stage.send(many(0, 10));
  const worker = await stage.start("w1", { log });
  await until("all is committed", () => committedOf(stage) === 10n);
  await worker.stop();
  assert.equal((await stage.read(couponsIssued)).length, 9);
  assert.deepEqual(said(stage, "kind", "stage", "node", "code", "offset"), [
    ["in-doubt", "sink", "write coupon-issued", "RECORD_TOO_LARGE", "7"],
  ]);
});
