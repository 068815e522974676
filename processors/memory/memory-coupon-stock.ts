/** The gate in memory: a counter and marks a coupon, like the hash in Redis. */
import type { CouponStock, Take, TakeAnswer } from "../coupons/coupon-ports.ts";
import { Fenced } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";

/** One coupon's counter, the reservations that have a unit in flight, and the highest epoch that wrote here. */
export interface MemoryCounter {
  left: number;
  readonly marks: Set<ReservationId>;
  epoch: number;
}

/** A {@link CouponStock} in memory, with its counters to look at. Clearing them is what a flush of Redis does. */
export interface MemoryCouponStock extends CouponStock {
  readonly counters: Map<CouponId, MemoryCounter>;
  /** The same gate to the holder of a lease. */
  readonly under: (fence: Fence) => CouponStock;
}

/** A gate without any counter. */
export const memoryCouponStock = (): MemoryCouponStock => {
  const counters = new Map<CouponId, MemoryCounter>();
  return { counters, ...stockOf(counters), under: (fence) => stockOf(counters, fence) };
};

const stockOf = (counters: Map<CouponId, MemoryCounter>, fence?: Fence): CouponStock => {
  const counterFor = (couponId: CouponId): MemoryCounter | undefined => {
    const counter = counters.get(couponId);
    if (counter === undefined || fence === undefined) return counter;
    if (counter.epoch > fence.epoch) throw new Fenced(fence, counter.epoch, `the gate's ${couponId}`);
    counter.epoch = fence.epoch;
    return counter;
  };
  return {
    reserve: async (takes) => takes.map((take) => takeOne(counterFor(take.couponId), take)),
    release: async (takes) => {
      for (const take of takes) giveBack(counterFor(take.couponId), take);
    },
    initialise: async (values) => {
      for (const [couponId, left] of values) {
        if (!counters.has(couponId)) counters.set(couponId, { left, marks: new Set(), epoch: fence?.epoch ?? 0 });
      }
    },
    settle: async (remaining) => {
      for (const [couponId, left] of remaining) settleOne(counterFor(couponId), left);
    },
  };
};

const takeOne = (counter: MemoryCounter | undefined, { reservationId }: Take): TakeAnswer => {
  if (counter === undefined) return "uninitialised";
  if (counter.marks.has(reservationId)) return "taken";
  if (counter.left <= 0) return counter.marks.size > 0 ? "unsure" : "none";
  counter.left -= 1;
  counter.marks.add(reservationId);
  return "taken";
};

const giveBack = (counter: MemoryCounter | undefined, { reservationId }: Take): void => {
  if (counter?.marks.delete(reservationId) !== true) return;
  counter.left += 1;
};

const settleOne = (counter: MemoryCounter | undefined, left: number): void => {
  if (counter === undefined) return;
  counter.left = left;
  counter.marks.clear();
};
