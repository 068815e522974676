/** The gate in memory: a counter and marks a coupon, like the hash in Redis. */
import type { CouponStock, Take, TakeAnswer } from "../../processors/coupon-ports.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";

/** One coupon's counter, and which reservation each user holds a unit by. */
export interface MemoryCounter {
  left: number;
  readonly marks: Map<UserId, ReservationId>;
}

/** The fake {@link CouponStock}, with its counters to look at. Clearing them is what a flush of Redis does. */
export interface MemoryCouponStock extends CouponStock {
  readonly counters: Map<CouponId, MemoryCounter>;
}

/** A gate without any counter. */
export const memoryCouponStock = (): MemoryCouponStock => {
  const counters = new Map<CouponId, MemoryCounter>();
  return {
    counters,
    reserve: async (takes) => takes.map((take) => takeOne(counters.get(take.couponId), take)),
    release: async (takes) => {
      for (const take of takes) giveBack(counters.get(take.couponId), take);
    },
    initialise: async (values) => {
      for (const [couponId, left] of values) {
        if (!counters.has(couponId)) counters.set(couponId, { left, marks: new Map() });
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
