/** What looks wrong about coupons that were requested since the last look. Pure. */
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";
import type { TakenCoupon } from "../../stores/mysql/coupons/coupon-audit.ts";
import { isBalanced } from "./check.ts";

/** A request that the workers' group has committed past. */
export interface NewRequest {
  readonly reservationId: ReservationId;
  readonly couponId: CouponId;
}

/** What is compared. */
export interface NewFacts {
  readonly requests: readonly NewRequest[];
  /** Of those requests. */
  readonly verdicts: ReadonlyMap<ReservationId, OwnedVerdict>;
  /** Verdicts that were published, of those requests and others. */
  readonly published: ReadonlyMap<ReservationId, OwnedVerdict["kind"]>;
  /** Coupons that were requested. */
  readonly taken: readonly TakenCoupon[];
}

/** How many requests have no verdict or another one than was published, and how many coupons are out of balance. */
export const suspicions = ({ requests, verdicts, published, taken }: NewFacts): number => {
  const undecided = requests.filter(({ reservationId: id }) => {
    const verdict = verdicts.get(id);
    return verdict === undefined || verdict.kind !== published.get(id);
  });
  return undecided.length + taken.filter((row) => !isBalanced(row)).length;
};
