/** The alphabets of ids that come from outside, and the only places where text becomes such an id. */
import type { CouponId, PolicyId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { isUuid } from "../../../schemas/ids.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";

/** Coupon and policy ids: safe in a URL, a log line, a key and a file name. Not `.` and `..`, which no URL can hold. */
export const namePattern = "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$";
/** {@link namePattern} in words, for a client that sent something else. */
export const nameWords = "1 to 64 characters of A-Z a-z 0-9 . _ -, and not . or ..";
/**
 * Users, as identity providers name them (OpenID Connect Core, 2: at most 255 ASCII characters, case-sensitive): an e-mail
 * address, `auth0|123`, a distinguished name, base64. Kept as they are, and compared byte for byte.
 */
export const userIdPattern = "^[\\x21-\\x7e]{1,255}$";
/** {@link userIdPattern} in words. */
export const userIdWords = "1 to 255 visible ASCII characters";
/** A UUIDv7 in lower case: one id has one spelling. */
export const reservationIdPattern = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

const name = new RegExp(namePattern);
const userId = new RegExp(userIdPattern);
const reservationId = new RegExp(reservationIdPattern);

// The casts below are the edge: each follows the check of the whole alphabet and length.

/** The coupon id that `text` is, if it is one. */
export const couponIdFrom = (text: unknown): CouponId | undefined =>
  typeof text === "string" && name.test(text) ? (text as CouponId) : undefined;

/** The policy id that `text` is, if it is one. */
export const policyIdFrom = (text: unknown): PolicyId | undefined =>
  typeof text === "string" && name.test(text) ? (text as PolicyId) : undefined;

/** The user id that `text` is, if it is one. */
export const userIdFrom = (text: unknown): UserId | undefined =>
  typeof text === "string" && userId.test(text) ? (text as UserId) : undefined;

/** The reservation id that `text` is, if it is one. */
export const reservationIdFrom = (text: unknown): ReservationId | undefined =>
  typeof text === "string" && reservationId.test(text) ? (text as ReservationId) : undefined;

/** The payment id that `text` is, if it is one. */
export const paymentIdFrom = (text: unknown): PaymentId | undefined =>
  typeof text === "string" && reservationId.test(text) ? (text as PaymentId) : undefined;

/** The order id that `text` is, if it is one. */
export const orderIdFrom = (text: unknown): OrderId | undefined =>
  typeof text === "string" && isUuid(text) ? (text as OrderId) : undefined;
