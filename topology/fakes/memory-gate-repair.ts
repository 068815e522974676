/** The look into the gate in memory, and its repair. */
import { Fenced } from "../../processors/errors.ts";
import type { Fence } from "../../processors/lease.ts";
import type { GateRepair } from "../../processors/reconcile-coupons.ts";
import type { MemoryCouponStock } from "./memory-coupon-stock.ts";

/** The fake {@link GateRepair}; pages have `pageMarks` marks, so that a test can have several. */
export const memoryGateRepair = ({ counters }: MemoryCouponStock, fence?: Fence, pageMarks = 1_000): GateRepair => ({
  left: async (couponIds) =>
    new Map(
      couponIds.flatMap((couponId) => {
        const counter = counters.get(couponId);
        return counter === undefined ? [] : [[couponId, counter.left] as const];
      }),
    ),
  marks: async (couponId, cursor = "0") => {
    const from = Number(cursor);
    const all = [...(counters.get(couponId)?.marks ?? [])];
    // Marks are dropped between two pages; like a scan, it may see one twice, and misses none that stays.
    const next = from + pageMarks >= all.length ? undefined : String(from + Math.ceil(pageMarks / 2));
    const page = all.slice(Math.max(0, from - pageMarks), from + pageMarks);
    return { marks: page.map(([userId, reservationId]) => ({ couponId, userId, reservationId })), next };
  },
  repair: async (couponId, { left, drop }) => {
    const counter = counters.get(couponId);
    if (counter === undefined) return;
    if (fence !== undefined && counter.epoch > fence.epoch) throw new Fenced(fence, counter.epoch);
    counter.epoch = Math.max(counter.epoch, fence?.epoch ?? 0);
    counter.left = left;
    for (const { userId, reservationId } of drop) {
      if (counter.marks.get(userId) === reservationId) counter.marks.delete(userId);
    }
  },
});
