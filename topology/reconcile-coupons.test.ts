/** What reconciling promises those who wait: after it the queue is decided as by a loop that never had a gate. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ReconcilePorts, reconcileCoupon } from "../processors/coupons/reconcile-coupons.ts";
import {
  type Coupon,
  type CouponId,
  type CouponIssueRequested,
  couponIssueRequests,
  type PolicyId,
  type ReservationId,
  type UserId,
  type Won,
} from "../schemas/coupon.ts";
import { couponIssuing } from "./coupon-issuing.ts";
import { createDriver } from "../engine/testing/driver.ts";
import { memoryCouponStock } from "../processors/memory/memory-coupon-stock.ts";
import { memoryCouponBook, memoryCouponCatalog, memoryDatabase } from "../processors/memory/memory-database.ts";
import { memoryCouponGate, memoryCouponTruth } from "../processors/testing/memory-reconciliation.ts";

const couponId = "c" as CouponId;
const coupon = (stock: number): Coupon => ({
  ...{ couponId, policyId: "p" as PolicyId, stock, opensAt: null, closesAt: null, validForDays: 30 },
  policy: { name: "P", discount: { kind: "fixed", amount: 1 as Won }, minOrderAmount: 0 as Won },
});
const idOf = (n: number) => `01890000-0000-7000-8000-${String(n).padStart(12, "0")}` as ReservationId;
const userOf = (n: number) => `user-${n}` as UserId;
const request = (n: number, user: number): CouponIssueRequested => ({
  ...{ reservationId: idOf(n), couponId, userId: userOf(user), policyId: null, requestedAt: 0 },
});

/** Who gets one, one after the other. */
const naively = (asks: readonly CouponIssueRequested[], stock: number): ReadonlySet<ReservationId> => {
  const holders = new Map<UserId, ReservationId>();
  for (const { userId, reservationId } of asks)
    if (holders.size < stock && !holders.has(userId)) holders.set(userId, reservationId);
  return new Set(holders.values());
};

/** What may have happened to the gate: marks for requests that are queued, or never come; a counter that is too high. */
const damage = fc.record({ marks: fc.array(fc.nat(19), { maxLength: 6 }), more: fc.nat(5), less: fc.nat(5) });
const story = fc.record({
  stock: fc.integer({ min: 1, max: 6 }),
  users: fc.array(fc.nat(7), { minLength: 1, maxLength: 16 }),
  decided: fc.nat(16),
  damage,
});

type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

/** Decides the first requests, damages the gate, repairs it, and decides the rest, one by one. */
const live = async (
  { stock, users, decided, damage: done }: Story,
  repair: (ports: ReconcilePorts) => Promise<unknown>,
) => {
  const database = memoryDatabase(coupon(stock));
  const gate = memoryCouponStock();
  const deps = { stock: gate, catalog: memoryCouponCatalog(database), book: memoryCouponBook(database) };
  const driver = createDriver(couponIssuing, deps);
  const asks = users.map((user, n) => request(n, user));
  const [before, after] = [asks.slice(0, decided), asks.slice(decided)];
  for (const ask of before) await driver.send(couponIssueRequests, ask);
  const counter = gate.counters.get(couponId);
  if (counter !== undefined) {
    for (const n of done.marks) counter.marks.add(idOf(n));
    counter.left = Math.max(0, counter.left + done.more - done.less);
  }
  await repair({ gate: memoryCouponGate(gate), truth: memoryCouponTruth(database) });
  for (const ask of after) await driver.send(couponIssueRequests, ask);
  const got = new Set([...database.verdicts].flatMap(([id, { kind }]) => (kind === "issued" ? [id] : [])));
  return { asks, got, left: gate.counters.get(couponId)?.left, remaining: database.remaining.get(couponId) };
};

test("reconciling: the queue is decided as without a gate when the gate was repaired", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (one) => {
      const { asks, got, left, remaining } = await live(one, (ports) => reconcileCoupon(ports, couponId));
      assert.deepEqual(got, naively(asks, one.stock));
      if (left !== undefined) assert.equal(left, remaining);
    }),
    { numRuns: 300 },
  );
});

test("reconciling: nothing waits for it, unless all seems sold out and nothing in flight", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (one) => {
      // Only a hand lowers a counter and leaves no mark.
      const harmless = { ...one, damage: { ...one.damage, less: one.damage.marks.length > 0 ? one.damage.less : 0 } };
      const { asks, got } = await live(harmless, async () => undefined);
      assert.deepEqual(got, naively(asks, one.stock));
    }),
    { numRuns: 300 },
  );
});
