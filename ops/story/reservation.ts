/** What is known of one request for a coupon, and where it was read. */
import type {
  CouponCompensated,
  CouponIssued,
  CouponIssueRequested,
  CouponRefused,
  ReservationId,
} from "../../schemas/coupon.ts";
import type { CouponRow, IssuedRow, RefusedRow } from "../../stores/mysql/story/coupon-rows.ts";
import type { Unit } from "../../stores/redis/read-unit.ts";
import type { LettersFound } from "./letters.ts";
import type { Searched } from "./search.ts";

/** Facts about a reservation. */
export interface ReservationFacts {
  readonly reservationId: ReservationId;
  /** When they were read, epoch ms. */
  readonly now: number;
  /** The record that was accepted. */
  readonly request: Searched<CouponIssueRequested>;
  /** The next offset the workers take of its partition; undefined where they have committed none, or the request is unknown. */
  readonly committed: bigint | undefined;
  readonly issuedRow: IssuedRow | undefined;
  readonly refusedRow: RefusedRow | undefined;
  readonly issued: Searched<CouponIssued>;
  readonly refused: Searched<CouponRefused>;
  readonly compensated: Searched<CouponCompensated>;
  /** Absent where the request is unknown. */
  readonly letters: LettersFound | undefined;
  /** Of its coupon; absent where that is unknown. */
  readonly coupon: CouponRow | undefined;
  readonly unit: Unit | undefined;
  /** By which reservation its user has the coupon. */
  readonly holder: ReservationId | undefined;
}
