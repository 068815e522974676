/** What the verifier reads, from topic, database and Redis; it believes no counter of ours. */
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type {
  CouponCompensated,
  CouponId,
  CouponIssued,
  CouponIssueRequested,
  CouponRefused,
  ReservationId,
  UserId,
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

/** A mark of the gate that stands for nothing issued to its user. */
export interface StaleMark {
  readonly couponId: CouponId;
  readonly userId: UserId;
  readonly reservationId: ReservationId;
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
  /** Marks of each coupon that has a counter: units given out. */
  readonly marks: ReadonlyMap<CouponId, number>;
  /** Those of them that stand for nothing issued. */
  readonly staleMarks: readonly StaleMark[];
  /** Events, by reservation: what others were told. */
  readonly toldIssued: ReadonlyMap<ReservationId, CouponIssued>;
  readonly toldRefused: ReadonlyMap<ReservationId, CouponRefused>;
  /** Events about units given back, in the order of each partition. */
  readonly toldCompensated: readonly CouponCompensated[];
  /** The workers' group, and the next offset it reads, by partition; undefined where it has committed nothing. */
  readonly group: { readonly id: string; readonly committed: readonly (bigint | undefined)[] };
  /** Records in the dead-letter topic. */
  readonly deadLetters: number;
}
