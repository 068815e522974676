/** The gate in memory: a counter and marks a coupon, like the hash in Redis. */
import type { CouponStock, Take, TakeAnswer } from "../coupons/coupon-ports.ts";
import { Fenced } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";

/** One coupon's counter, which reservation each user holds a unit by, and the highest epoch that wrote here. */
export interface MemoryCounter {
  left: number;
  readonly marks: Map<UserId, ReservationId>;
  epoch: number;
}

/** The fake {@link CouponStock}, with its counters to look at. Clearing them is what a flush of Redis does. */
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
  const counterFor = ({ couponId }: Take): MemoryCounter | undefined => {
    const counter = counters.get(couponId);
    if (counter === undefined || fence === undefined) return counter;
    if (counter.epoch > fence.epoch) throw new Fenced(fence, counter.epoch);
    counter.epoch = fence.epoch;
    return counter;
  };
  return {
    reserve: async (takes) => takes.map((take) => takeOne(counterFor(take), take)),
    release: async (takes) => {
      for (const take of takes) giveBack(counterFor(take), take);
    },
    initialise: async (values) => {
      for (const [couponId, left] of values) {
        if (!counters.has(couponId)) counters.set(couponId, { left, marks: new Map(), epoch: fence?.epoch ?? 0 });
      }
    },
  };
};

const takeOne = (counter: MemoryCounter | undefined, { userId, reservationId }: Take): TakeAnswer => {
  if (counter === undefined) return "uninitialised";
  const holder = counter.marks.get(userId);
  if (holder !== undefined) return holder === reservationId ? "taken" : "heldByOther";
  if (counter.left <= 0) return "none";
  counter.left -= 1;
  counter.marks.set(userId, reservationId);
  return "taken";
};

const giveBack = (counter: MemoryCounter | undefined, { userId, reservationId }: Take): void => {
  if (counter?.marks.get(userId) !== reservationId) return;
  counter.marks.delete(userId);
  counter.left += 1;
};
