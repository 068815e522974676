/** What the verifier reads, from topic, database and Redis; it uses no counter of a process. */
import type {
  CouponCompensated,
  CouponId,
  CouponIssueRequested,
  CouponRefused,
  RefusalReason,
  ReservationId,
  UserId,
} from "../../schemas/coupon.ts";
import type { LetterFacts } from "./letters.ts";
import type { Rows } from "./rows/rows.ts";

/** A request in the topic, at its first offset. */
export interface Accepted {
  readonly request: Pick<CouponIssueRequested, "reservationId" | "couponId">;
  readonly partition: number;
  readonly offset: bigint;
}

/** What a row says of a reservation. */
export type VerdictRow =
  | {
      readonly kind: "issued";
      readonly couponId: CouponId;
      readonly userId: UserId;
      /** Epoch ms. */
      readonly issuedAt: number;
    }
  | {
      readonly kind: "refused";
      readonly couponId: CouponId;
      readonly reason: RefusalReason;
      /** Epoch ms. */
      readonly refusedAt: number;
    };

/** A coupon's row. */
export interface CouponRow {
  readonly couponId: CouponId;
  readonly stock: number;
  readonly remaining: number;
}

/** Everything there is to compare. */
export interface CouponFacts {
  /** By reservation: copies of a record count once, at their first offset. */
  readonly accepted: Rows<ReservationId, Accepted>;
  /** Rows of user coupons, by reservation. */
  readonly issued: Rows<ReservationId, VerdictRow>;
  /** Rows of refusals, by reservation. */
  readonly refused: Rows<ReservationId, VerdictRow>;
  readonly coupons: ReadonlyMap<CouponId, CouponRow>;
  /**
   * Coupons out of balance that were read again, stock and rows at one moment, so right also while they are issued. Absent where
   * coupons and verdicts were read at one moment.
   */
  readonly taken?: ReadonlyMap<CouponId, CouponRow & { readonly issued: number }>;
  /** Redis counters, where there are any; NaN where one is no number. */
  readonly counters: ReadonlyMap<CouponId, number>;
  /** Coupons whose key in Redis holds something that the gate never wrote; they have no counter. */
  readonly foreign: ReadonlySet<CouponId>;
  /** Marks of each coupon that has a counter: units in flight. */
  readonly marks: ReadonlyMap<CouponId, number>;
  /** Published events, by reservation. */
  readonly publishedIssued: Rows<ReservationId, { readonly couponId: CouponId }>;
  readonly publishedRefused: Rows<ReservationId, Pick<CouponRefused, "couponId" | "reason">>;
  /** Published events about units given back, in the order of each partition. */
  readonly publishedCompensations: readonly Pick<CouponCompensated, "reservationId" | "couponId" | "reason">[];
  /**
   * By topic: when its oldest records were accepted or published, epoch ms, where retention has removed older ones; what is
   * older may be gone. 0 where the topic has its beginning.
   */
  readonly topicsSince: { readonly requests: number; readonly issued: number; readonly refused: number };
  /** The workers' group, and the next offset it reads, by partition; undefined where it has committed nothing. */
  readonly group: { readonly id: string; readonly committed: readonly (bigint | undefined)[] };
  /** Records in the dead-letter topic. */
  readonly deadLetters: number;
  /** What became of them; absent where nobody looked. */
  readonly letters?: LetterFacts<ReservationId>;
}
