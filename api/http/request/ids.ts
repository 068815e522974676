/** The alphabets of ids that come from outside, and the only places where text becomes such an id. */
import type { CouponId, PolicyId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { isName, isUserId, isUuid, isUuid7 } from "../../../schemas/ids.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";

/** `namePattern` of schemas/ids.ts in words, for a client that sent something else. */
export const nameWords = "1 to 64 characters of A-Z a-z 0-9 . _ -, and not . or ..";
/** `userIdPattern` of schemas/ids.ts in words. */
export const userIdWords = "1 to 255 visible ASCII characters";

// The casts below are the edge: each follows the check of the whole alphabet and length.

/** The coupon id that `text` is, if it is one. */
export const couponIdFrom = (text: unknown): CouponId | undefined =>
  typeof text === "string" && isName(text) ? (text as CouponId) : undefined;

/** The policy id that `text` is, if it is one. */
export const policyIdFrom = (text: unknown): PolicyId | undefined =>
  typeof text === "string" && isName(text) ? (text as PolicyId) : undefined;

/** The user id that `text` is, if it is one. */
export const userIdFrom = (text: unknown): UserId | undefined =>
  typeof text === "string" && isUserId(text) ? (text as UserId) : undefined;

/** The reservation id that `text` is, if it is one. */
export const reservationIdFrom = (text: unknown): ReservationId | undefined =>
  typeof text === "string" && isUuid7(text) ? (text as ReservationId) : undefined;

/** The payment id that `text` is, if it is one. */
export const paymentIdFrom = (text: unknown): PaymentId | undefined =>
  typeof text === "string" && isUuid7(text) ? (text as PaymentId) : undefined;

/** The order id that `text` is, if it is one. */
export const orderIdFrom = (text: unknown): OrderId | undefined =>
  typeof text === "string" && isUuid(text) ? (text as OrderId) : undefined;
