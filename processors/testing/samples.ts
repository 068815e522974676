/** Made-up coupons, users and requests for tests: every id is new, so tests share a database without meeting. */
import { v7 } from "uuid";
import type { Issue, Refusal, Take } from "../coupons/coupon-ports.ts";
import type { Coupon, CouponId, PolicyId, ReservationId, UserId, Won } from "../../schemas/coupon.ts";

/** A moment in 2026, epoch ms. */
export const aMoment = 1_780_000_000_000;
const monthMs = 30 * 86_400_000;

/** A new coupon id. */
export const aCouponId = (): CouponId => `c-${v7()}` as CouponId;
/** A new user id. */
export const aUserId = (): UserId => `u-${v7()}` as UserId;
/** A new reservation id. */
export const aReservationId = (): ReservationId => v7() as ReservationId;

/** A coupon that is open for ever, with `stock` units. */
export const aCoupon = (stock: number, changes: Partial<Coupon> = {}): Coupon => ({
  couponId: aCouponId(),
  policyId: "p-summer" as PolicyId,
  stock,
  opensAt: null,
  closesAt: null,
  validForDays: 30,
  policy: {
    name: "여름 할인",
    discount: { kind: "fixed", amount: 3_000 as Won },
    minOrderAmount: 10_000 as Won,
  },
  ...changes,
});

/** A take by a new user for a new reservation. */
export const aTake = (couponId: CouponId, changes: Partial<Take> = {}): Take => ({
  couponId,
  userId: aUserId(),
  reservationId: aReservationId(),
  ...changes,
});

/** An issue by a new user for a new reservation. */
export const anIssue = (couponId: CouponId, changes: Partial<Issue> = {}): Issue => ({
  ...aTake(couponId),
  policyId: "p-summer" as PolicyId,
  issuedAt: aMoment,
  expiresAt: aMoment + monthMs,
  ...changes,
});

/** A refusal of a new user's new reservation because of sold-out stock. */
export const aRefusal = (couponId: CouponId, changes: Partial<Refusal> = {}): Refusal => ({
  ...aTake(couponId),
  reason: "SOLD_OUT",
  refusedAt: aMoment,
  ...changes,
});

/** `count` things, each made anew. */
export const many = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));

/**
 * Ids made to break what handles them carelessly, each of 1 to 64 characters; `make` sees to it that none was used.
 * The pairs that differ by a space, by case or by an accent must stay different users.
 */
export const hostileIds = (): readonly string[] => {
  const tail = () => v7().slice(24);
  const twin = tail();
  return [
    `'; DROP TABLE user_coupon; -- ${tail()}`,
    `" OR ""="${tail()}`,
    `]]"}\\'\\\\${tail()}`,
    `\u0000${tail()}\u0000`,
    `${"한".repeat(52)}${tail()}`,
    `${"😀".repeat(26)}${tail()}`,
    `\r\n$5\r\nhello\r\n${tail()}`,
    `{a}{b}:left:*?${tail()}`,
    `$[*].${tail()}\u2028`,
    twin,
    `${twin} `,
    ` ${twin}`,
    `${twin}\u0000`,
    `${twin}A`,
    `${twin}a`,
    `${twin}Á`,
  ];
};
