/** The records of coupon issuing, their ids, and the topics they flow through. */
import { type Brand, optional, record, string, symbols, type TypeOf, timestampMs, uuid } from "../engine/avro/avro.ts";
import { topic } from "../engine/avro/topic.ts";
import { isKeyOf, isMoment, isName, isUserId, isUuid7, shopRecordMaxBytes } from "./ids.ts";

/** Names a coupon: what users race for. 1 to 64 characters of `A-Z a-z 0-9 . _ -`. */
export type CouponId = Brand<string, "CouponId">;
/** Names a user, as the identity provider does: the `sub` of a verified token. 1 to 255 visible ASCII characters, kept as they are. */
export type UserId = Brand<string, "UserId">;
/** Names the terms a coupon is issued under. Same alphabet and length as a coupon id. */
export type PolicyId = Brand<string, "PolicyId">;
/** Names one request for a coupon: a UUIDv7, lower case. The idempotency key everywhere. */
export type ReservationId = Brand<string, "ReservationId">;
/** Money in won; the won has no minor unit. A safe integer, never a float. */
export type Won = Brand<number, "Won">;

/** Why a request was refused, for ever. */
export const refusalReasons = [
  "SOLD_OUT",
  "NOT_OPEN",
  "CLOSED",
  "UNKNOWN_COUPON",
  "OTHER_POLICY",
  "DUPLICATE",
] as const;
/** One of {@link refusalReasons}. */
export type RefusalReason = (typeof refusalReasons)[number];

/** A user asks for one coupon. */
export const CouponIssueRequested = record("coupon.v1.CouponIssueRequested", {
  reservationId: uuid<ReservationId>(),
  couponId: string<CouponId>(),
  userId: string<UserId>(),
  /** The policy the user was shown; null asks for whatever the coupon has. */
  policyId: optional(string<PolicyId>()),
  /** The API's clock. Opening and closing are judged by the broker's timestamp, not by this. */
  requestedAt: timestampMs(),
});
/** See {@link CouponIssueRequested}. */
export type CouponIssueRequested = TypeOf<typeof CouponIssueRequested>;

/** The user has the coupon: its row is durable. */
export const CouponIssued = record("coupon.v1.CouponIssued", {
  reservationId: uuid<ReservationId>(),
  couponId: string<CouponId>(),
  userId: string<UserId>(),
  policyId: string<PolicyId>(),
  issuedAt: timestampMs(),
  expiresAt: timestampMs(),
});
/** See {@link CouponIssued}. */
export type CouponIssued = TypeOf<typeof CouponIssued>;

/** The user does not get the coupon by this request: the refusal is durable. */
export const CouponRefused = record("coupon.v1.CouponRefused", {
  reservationId: uuid<ReservationId>(),
  couponId: string<CouponId>(),
  userId: string<UserId>(),
  reason: symbols("RefusalReason", refusalReasons),
  refusedAt: timestampMs(),
});
/** See {@link CouponRefused}. */
export type CouponRefused = TypeOf<typeof CouponRefused>;

/** A unit that was held for a request went back, because a later step refused it. */
export const CouponCompensated = record("coupon.v1.CouponCompensated", {
  reservationId: uuid<ReservationId>(),
  couponId: string<CouponId>(),
  /** The undo that ran. */
  undo: string(),
  /** The outcome that made it necessary (`exhausted`, `duplicate`, `refusedBefore`), or the code of an error. */
  reason: string(),
  compensatedAt: timestampMs(),
});
/** See {@link CouponCompensated}. */
export type CouponCompensated = TypeOf<typeof CouponCompensated>;

/** Requests and verdicts are kept this long, ms: workers that are stopped for weeks still find them, and so does `verify`. */
const couponRecordsKeptMs = 30 * 86_400_000;

// The topics' own settings. Those that every topic has, with their reasons, are in engine/deploy/plan/topic-settings.ts.
const byCoupon = {
  key: "couponId",
  id: (value: { readonly reservationId: ReservationId }) => value.reservationId,
  config: { "retention.ms": String(couponRecordsKeptMs) },
  maxRecordBytes: shopRecordMaxBytes,
} as const;

/** What is wrong with a request that the API would never have written; undefined where nothing is. */
export const wrongRequest = (
  { reservationId, couponId, userId, policyId, requestedAt }: CouponIssueRequested,
  key: Buffer | null,
): string | undefined => {
  if (!isName(couponId)) return "its coupon's id is none that a coupon has";
  if (!isUserId(userId)) return "its user's id is none that a user has";
  if (policyId !== null && !isName(policyId)) return "its policy's id is none that a policy has";
  if (!isUuid7(reservationId)) return "its reservation's id is no UUIDv7 in lower case";
  if (!isMoment(requestedAt)) return "it was requested at a time that is none";
  return isKeyOf(key, couponId) ? undefined : "its key is not its coupon's id";
};

/** Requests. Keyed by coupon: first come, first served, at the price of one hot partition in a rush. */
export const couponIssueRequests = topic("coupon-issue", CouponIssueRequested, { ...byCoupon, check: wrongRequest });
/** Verdicts that say yes. */
export const couponsIssued = topic("coupon-issued", CouponIssued, byCoupon);
/** Verdicts that say no. */
export const couponsRefused = topic("coupon-refused", CouponRefused, byCoupon);
/** Units given back. */
export const couponsCompensated = topic("coupon-compensated", CouponCompensated, byCoupon);

/** Every topic of this file. */
export const couponTopics = [couponIssueRequests, couponsIssued, couponsRefused, couponsCompensated] as const;

/** What a coupon is worth at a payment. Percent is 1 to 100; amounts are won. */
export type Discount =
  | { readonly kind: "fixed"; readonly amount: Won }
  | { readonly kind: "percent"; readonly percent: number; readonly maxAmount: Won };

/** The terms under which a coupon is issued; kept with every issued coupon, whatever happens to the policy later. */
export interface CouponPolicy {
  readonly name: string;
  readonly discount: Discount;
  /** The order's total must reach this; 0 where any order will do. */
  readonly minOrderAmount: Won;
}

/** A coupon as it was opened. Never changed afterwards: only its remaining stock moves. */
export interface Coupon {
  readonly couponId: CouponId;
  readonly policyId: PolicyId;
  /** Units there are in all; 1 to 100,000,000. */
  readonly stock: number;
  /** Requests accepted before this are refused; null where it is open from the start. Epoch ms. */
  readonly opensAt: number | null;
  /** Requests accepted at or after this are refused; null where it never closes. Epoch ms. */
  readonly closesAt: number | null;
  /** Days an issued coupon is valid from the moment of issue; 1 to 3,650. */
  readonly validForDays: number;
  readonly policy: CouponPolicy;
}
