/** What the verifier reads, from topic, database and Redis; it believes no counter of ours. */
import type { OwnedVerdict } from "../../processors/coupon-ports.ts";
import type {
  CouponId,
  CouponIssued,
  CouponIssueRequested,
  CouponRefused,
  ReservationId,
} from "../../schemas/coupon.ts";

/** A request as it stands in the topic, at its first offset. */
export interface Accepted {
  readonly request: CouponIssueRequested;
  readonly partition: number;
  readonly offset: bigint;
}

/** A coupon's row. */
export interface CouponRow {
  readonly couponId: CouponId;
  readonly stock: number;
  readonly remaining: number;
}

/** Everything there is to compare. */
export interface CouponFacts {
  /** By reservation: copies of a record count once, at their first offset. */
  readonly accepted: ReadonlyMap<ReservationId, Accepted>;
  /** Rows of user coupons, by reservation. */
  readonly issued: ReadonlyMap<ReservationId, OwnedVerdict>;
  /** Rows of refusals, by reservation. */
  readonly refused: ReadonlyMap<ReservationId, OwnedVerdict>;
  readonly coupons: ReadonlyMap<CouponId, CouponRow>;
  /** Redis counters, where there are any. */
  readonly counters: ReadonlyMap<CouponId, number>;
  /** Events, by reservation: what others were told. */
  readonly toldIssued: ReadonlyMap<ReservationId, CouponIssued>;
  readonly toldRefused: ReadonlyMap<ReservationId, CouponRefused>;
  /** Records in the dead-letter topic. */
  readonly deadLetters: number;
}
