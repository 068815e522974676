/** Reconciling by hand: what it repairs, what it only shows, and when it is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fence } from "../../engine/lease.ts";
import { openCoupon, request } from "../../topology/testing/memory-stage.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { memoryCouponStock } from "../../processors/memory/memory-coupon-stock.ts";
import { memoryDatabase, memoryLeases } from "../../processors/memory/memory-database.ts";
import { memoryCouponGate, memoryCouponTruth } from "../../processors/testing/memory-reconciliation.ts";
import { CliError, exitCodes } from "../../engine/app/cli.ts";
import { reconcileByHand, refuseMembers } from "./reconcile-by-hand.ts";

const [low, stale, sound] = ["low", "stale", "sound"] as const satisfies readonly string[];
const all = [low, stale, sound] as unknown as readonly CouponId[];

/** One counter too low, one coupon with five marks for nothing, one in order. */
const damaged = async (dryRun = false) => {
  const database = memoryDatabase(...all.map((couponId) => openCoupon(couponId, 10)));
  const stock = memoryCouponStock();
  await stock.initialise(new Map([low, stale, sound].map((id) => [id as CouponId, id === low ? 3 : 10])));
  for (let n = 0; n < 5; n++) stock.counters.get(stale as CouponId)?.marks.add(request(n, stale).reservationId);
  const leases = memoryLeases(database);
  const taken: number[] = [];
  const options = {
    ports: (fence?: Fence) => ({
      gate: memoryCouponGate(stock, fence),
      truth: memoryCouponTruth(database, fence),
    }),
    lease: async (partition: number) => {
      taken.push(partition);
      return leases.take({ topology: "t", topic: "s", partition }, "by hand");
    },
    dryRun,
  };
  return { database, stock, options, taken };
};

test("reconcile: repairs what differs and reports it, and finds nothing the second time", async () => {
  const { stock, options } = await damaged();
  assert.deepEqual(await reconcileByHand(options, all), [
    { couponId: low, counter: 3, remaining: 10, marks: 0, done: "repaired" },
    { couponId: stale, counter: 10, remaining: 10, marks: 5, done: "repaired" },
  ]);
  for (const counter of stock.counters.values()) assert.deepEqual([counter.left, counter.marks.size], [10, 0]);
  assert.deepEqual(await reconcileByHand(options, all), []);
});

test("reconcile: changes nothing and takes no lease when it only looks", async () => {
  const { stock, options, taken } = await damaged(true);
  assert.deepEqual(await reconcileByHand(options, all), [
    { couponId: low, counter: 3, remaining: 10, marks: 0, done: "seen" },
    { couponId: stale, counter: 10, remaining: 10, marks: 5, done: "seen" },
  ]);
  assert.deepEqual([stock.counters.get(low as CouponId)?.left, taken], [3, []]);
});

test("reconcile: names a coupon whose key is not the gate's, and looks at the others, when it only looks", async () => {
  const { options } = await damaged(true);
  const ports: typeof options.ports = (fence) => {
    const { gate, truth } = options.ports(fence);
    const foreign = [stale as CouponId, { left: Number.NaN, marks: 0, foreign: true }] as const;
    return { gate: { ...gate, counters: async (ids) => new Map([...(await gate.counters(ids)), foreign]) }, truth };
  };
  assert.deepEqual(await reconcileByHand({ ...options, ports }, all), [
    { couponId: low, counter: 3, remaining: 10, marks: 0, done: "seen" },
    { couponId: stale, counter: null, remaining: 10, marks: 0, done: "wrong" },
  ]);
});

test("reconcile: says that it would repair a counter that is no number, and does", async () => {
  const looking = await damaged(true);
  const garbled = looking.stock.counters.get(stale as CouponId);
  assert.ok(garbled !== undefined);
  garbled.left = Number.NaN;
  const found = { couponId: stale, counter: null, remaining: 10, marks: 5 };
  assert.deepEqual((await reconcileByHand(looking.options, all))[1], { ...found, done: "seen" });
  assert.deepEqual((await reconcileByHand({ ...looking.options, dryRun: false }, all))[1], {
    ...found,
    done: "repaired",
  });
  assert.equal(garbled.left, 10);
});

test("reconcile: gives way when a worker takes the partition over", async () => {
  const { database, options, stock } = await damaged();
  const lease = async (partition: number) => {
    const own = await options.lease(partition);
    await memoryLeases(database).take(own, "a worker");
    return own;
  };
  const isConflict = (error: unknown) => error instanceof CliError && error.exitCode === exitCodes.conflict;
  await assert.rejects(reconcileByHand({ ...options, lease }, all), isConflict);
  assert.equal(stock.counters.get(low as CouponId)?.left, 3);
});

test("reconcile: refuses and names the members when the group has some", () => {
  const members = [{ memberId: "m", clientId: "sluice-coupon-issuing", host: "/10.0.0.7", topics: [] }];
  assert.throws(
    () => refuseMembers("g", { state: "Stable", members }),
    (error) =>
      error instanceof CliError && error.exitCode === exitCodes.refused && /at \/10\.0\.0\.7/.test(error.message),
  );
  refuseMembers("g", { state: "Empty", members: [] });
});
