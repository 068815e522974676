/** The gate and the database in memory as reconciling sees them. */
import { Fenced } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import type { CouponGate, CouponTruth } from "../coupons/reconcile-coupons.ts";
import type { MemoryCouponStock } from "./memory-coupon-stock.ts";
import { type MemoryDatabase, memoryCouponCatalog, memoryVerdictLookup, refuseStale } from "./memory-database.ts";

/** The fake {@link CouponGate}; its pages have `pageMarks` marks. */
export const memoryCouponGate = ({ counters }: MemoryCouponStock, fence?: Fence, pageMarks = 1_000): CouponGate => ({
  counters: async (couponIds) =>
    new Map(
      couponIds.flatMap((couponId) => {
        const counter = counters.get(couponId);
        return counter === undefined ? [] : [[couponId, { left: counter.left, marks: counter.marks.size }] as const];
      }),
    ),
  marks: async (couponId, from) => {
    // By user, so that marks that go between two pages make no other be left out.
    const all = [...(counters.get(couponId)?.marks ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const rest = all.filter(([userId]) => from === undefined || userId > from);
    const marks = rest.slice(0, pageMarks).map(([userId, reservationId]) => ({ userId, reservationId }));
    return { marks, next: rest.length > pageMarks ? marks.at(-1)?.userId : undefined };
  },
  repair: async ({ couponId, seen, left, drop }) => {
    const counter = counters.get(couponId);
    if (counter !== undefined && fence !== undefined && counter.epoch > fence.epoch)
      throw new Fenced(fence, counter.epoch);
    if (counter === undefined || counter.left !== seen) return undefined;
    const gone = drop.filter(({ userId, reservationId }) => counter.marks.get(userId) === reservationId);
    for (const { userId } of gone) counter.marks.delete(userId);
    counter.left = left;
    counter.epoch = Math.max(counter.epoch, fence?.epoch ?? 0);
    return new Set(gone.map(({ userId }) => userId)).size;
  },
});

/** The fake {@link CouponTruth}. */
export const memoryCouponTruth = (database: MemoryDatabase, fence?: Fence): CouponTruth => {
  const { remaining } = memoryCouponCatalog(database);
  const { find } = memoryVerdictLookup(database);
  return {
    remaining,
    find,
    stored: async (couponId, reservationIds) => {
      refuseStale(database, fence);
      return { remaining: database.remaining.get(couponId), verdicts: await find(reservationIds) };
    },
  };
};
