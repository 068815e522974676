/** The gate agrees with the database again after whatever happened to it, while requests are decided. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import type { ReconcilePorts, Repaired } from "../../processors/coupons/reconcile-coupons.ts";
import { memoryStage, openCoupon, request, until } from "../../topology/testing/memory-stage.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { memoryCouponGate, memoryCouponTruth } from "../../processors/testing/memory-reconciliation.ts";
import { couponUpkeep, type CouponUpkeepOptions } from "./coupon-upkeep.ts";

const hot = "hot" as CouponId;
const idle = "idle" as CouponId;
const userOf = (n: number) => `user-${n}` as UserId;
const idOf = (n: number): ReservationId => request(n, hot).reservationId;

/** A stage whose workers look at the gate every 5 ms. */
const upkeepStage = (around: (ports: ReconcilePorts) => ReconcilePorts = (ports) => ports) => {
  const stage = memoryStage(openCoupon(hot, 10), openCoupon(idle, 10));
  const repairs: Repaired[] = [];
  const options: CouponUpkeepOptions = {
    intervalMs: 5,
    ports: (fence?: Fence) =>
      around({ gate: memoryCouponGate(stage.stock, fence), truth: memoryCouponTruth(stage.database, fence) }),
    pages: async () => [hot, idle],
    repaired: (repaired) => void repairs.push(repaired),
  };
  const start = (name: string, overrides: Parameters<typeof stage.start>[1] = {}) =>
    stage.start(name, { upkeep: couponUpkeep(options), ...overrides });
  const agrees = (couponId: CouponId) =>
    stage.stock.counters.get(couponId)?.left === stage.database.remaining.get(couponId);
  const decided = (n: number) => until(`${n} are decided`, () => stage.database.verdicts.size === n);
  return { ...stage, repairs, start, agrees, decided };
};

test("coupon upkeep: gives units back that were taken twice, after a flush and a redelivery", async () => {
  const { stock, database, send, start, repairs, agrees, decided } = upkeepStage();
  const asks = [1, 2, 3, 4].map((n) => request(n, hot));
  const worker = await start("w1");
  await send(asks);
  await decided(4);
  stock.counters.clear();
  // A copy of an issued record is what a redelivery looks like to the gate.
  await send(asks);
  await until("the counter is made again", () => stock.counters.has(hot));
  await until("the counter agrees", () => agrees(hot));
  await send([5, 6, 7, 8, 9, 10, 11].map((n) => request(n, hot)));
  await decided(11);
  await worker.stop();
  assert.equal([...database.verdicts.values()].filter(({ kind }) => kind === "issued").length, 10);
  assert.ok(repairs.every(({ couponId }) => couponId === hot));
});

test("coupon upkeep: sets a counter right that is too high, or too low, of a coupon without requests", async () => {
  const { stock, start, repairs, agrees } = upkeepStage();
  await stock.initialise(
    new Map([
      [hot, 17],
      [idle, 3],
    ]),
  );
  const worker = await start("w1");
  await until("both agree", () => agrees(hot) && agrees(idle));
  await worker.stop();
  const sorted = repairs.toSorted((a, b) => a.seen - b.seen);
  assert.deepEqual(sorted, [
    { couponId: idle, seen: 3, left: 10, droppedMarks: 0 },
    { couponId: hot, seen: 17, left: 10, droppedMarks: 0 },
  ]);
});

test("coupon upkeep: drops marks that nothing in flight accounts for, though the counter agrees", async () => {
  const { stock, database, send, start, repairs, decided } = upkeepStage();
  const worker = await start("w1");
  await send([1, 2].map((n) => request(n, hot)));
  await decided(2);
  const marks = stock.counters.get(hot)?.marks ?? assert.fail("no counter");
  marks.add(idOf(8));
  await until("it is gone", () => marks.size === 0 && repairs.length > 0);
  await send([request(20, hot, userOf(8))]);
  await decided(3);
  await worker.stop();
  assert.deepEqual(repairs[0], { couponId: hot, seen: 8, left: 8, droppedMarks: 1 });
  assert.equal(database.verdicts.get(idOf(20))?.kind, "issued");
  assert.equal(database.remaining.get(hot), 7);
});

test("coupon upkeep: repairs nothing that is only in flight", async () => {
  let looks = 0;
  let repaired = false;
  const stage = upkeepStage(({ gate, truth }) => ({
    truth,
    gate: {
      ...gate,
      counters: async (ids) => {
        const found = await gate.counters(ids);
        if (found.get(hot)?.left === 9) looks++;
        return found;
      },
      repair: async (repair) => {
        repaired = true;
        return gate.repair(repair);
      },
    },
  }));
  const { send, issuing, repairs, stock, decided } = stage;
  const letGo = Promise.withResolvers<void>();
  const deps = issuing(async (issues, issue) => {
    await letGo.promise;
    return issue(issues);
  });
  const worker = await stage.start("w1", { deps });
  await send([request(1, hot)]);
  await until("a unit is held", () => stock.counters.get(hot)?.left === 9);
  // The second pass that sees it asks for the lane, and the third does not wait for that.
  await until("it was looked at three times", () => looks >= 3);
  assert.equal(repaired, false);
  letGo.resolve();
  await decided(1);
  await worker.stop();
  assert.deepEqual(repairs, []);
  assert.equal(stock.counters.get(hot)?.left, 9);
});

test("coupon upkeep: leaves a coupon to its rounds while the database issues some of it between two passes", async () => {
  let left = 10;
  const asked: string[] = [];
  const never = async (): Promise<never> => assert.fail("a repair");
  const { pass } = couponUpkeep({
    intervalMs: 5,
    ports: () => ({
      gate: { counters: async () => new Map([[hot, { left: left - 1, marks: 1 }]]), repair: never },
      truth: { remaining: async () => new Map([[hot, left]]), stored: never },
    }),
    pages: async () => [],
    repaired: never,
  });
  const look = () =>
    pass({
      touched: [hot],
      owns: () => true,
      exclusive: async (key) => void asked.push(key),
      signal: new AbortController().signal,
    });
  for (; left > 6; left--) await look();
  assert.deepEqual(asked, []);
  await look();
  await look();
  assert.deepEqual(asked, [hot]);
});

test("coupon upkeep: repairs the others when one coupon cannot be repaired, and all when the stores are back", async () => {
  let away = true;
  const stage = upkeepStage((ports) => ({
    ...ports,
    gate: {
      ...ports.gate,
      counters: async (ids) => {
        if (away) throw new Unavailable("redis", "refused");
        return ports.gate.counters(ids);
      },
      repair: async (repair) => {
        if (repair.couponId === hot) throw new Error("it cannot be");
        return ports.gate.repair(repair);
      },
    },
  }));
  await stage.stock.initialise(
    new Map([
      [hot, 3],
      [idle, 3],
    ]),
  );
  const worker = await stage.start("w1");
  await new Promise((resolve) => setImmediate(resolve));
  away = false;
  await until("the other one agrees", () => stage.agrees(idle));
  await worker.stop();
  assert.equal(stage.agrees(hot), false);
});

test("coupon upkeep: leaves the coupons of other workers unchanged", async () => {
  const stage = upkeepStage();
  const [one, two] = [await stage.start("w1"), await stage.start("w2")];
  await until("both have partitions", () => one.status().size === 3 && two.status().size === 3);
  await stage.stock.initialise(new Map([[hot, 3]]));
  await until("it agrees", () => stage.agrees(hot));
  await Promise.all([one.stop(), two.stop()]);
  assert.equal(stage.repairs.length, 1);
});
