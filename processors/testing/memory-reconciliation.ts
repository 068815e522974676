/** The gate and the database in memory as reconciling sees them. */
import { Fenced } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import type { CouponGate, CouponTruth } from "../coupons/reconcile-coupons.ts";
import type { MemoryCouponStock } from "../memory/memory-coupon-stock.ts";
import { type MemoryDatabase, memoryCouponCatalog, refuseStale } from "../memory/memory-database.ts";

/** The fake {@link CouponGate}. */
export const memoryCouponGate = ({ counters }: MemoryCouponStock, fence?: Fence): CouponGate => ({
  counters: async (couponIds) =>
    new Map(
      couponIds.flatMap((couponId) => {
        const counter = counters.get(couponId);
        return counter === undefined ? [] : [[couponId, { left: counter.left, marks: counter.marks.size }] as const];
      }),
    ),
  repair: async ({ couponId, seen, left }) => {
    const counter = counters.get(couponId);
    if (counter !== undefined && fence !== undefined && counter.epoch > fence.epoch)
      throw new Fenced(fence, counter.epoch, `the gate's ${couponId}`);
    if (counter === undefined || !Object.is(counter.left, seen)) return undefined;
    const dropped = counter.marks.size;
    counter.marks.clear();
    counter.left = left;
    counter.epoch = Math.max(counter.epoch, fence?.epoch ?? 0);
    return dropped;
  },
});

/** The fake {@link CouponTruth}. */
export const memoryCouponTruth = (database: MemoryDatabase, fence?: Fence): CouponTruth => ({
  remaining: memoryCouponCatalog(database).remaining,
  stored: async (couponId) => {
    refuseStale(database, fence);
    return database.remaining.get(couponId);
  },
});
