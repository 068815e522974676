/** What the gate holds of one reservation, for somebody who looks. */
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";
import { hexOf } from "../ids.ts";
import { type RedisConnection, reaching } from "./connection.ts";
import { stockKey } from "./stock-key.ts";
import { markDigits, wholeOf } from "./stock-scripts.ts";

/** A coupon's counter, and whether a unit of it is held for a reservation. */
export interface Unit {
  /** Units left; null where the coupon has no counter, and one that is no number where its key holds something else. */
  readonly left: number | null;
  /** Units in flight. */
  readonly marks: number;
  readonly isHeld: boolean;
}

/** Reads. Not before {@link stockKey}'s Redis is known to be the database's gate. @throws Unavailable */
export const readUnit = (
  { client }: RedisConnection,
  couponId: CouponId,
  reservationId?: ReservationId,
): Promise<Unit> =>
  reaching(client, async () => {
    const key = stockKey(couponId);
    if (!["hash", "none"].includes(await client.type(key))) return { left: Number.NaN, marks: 0, isHeld: false };
    const [left, marks] = await client.hmget(key, "left", "marks");
    const held = marks ?? "";
    const mark = reservationId === undefined ? undefined : hexOf(reservationId);
    const starts = Array.from({ length: held.length / markDigits }, (_, at) => at * markDigits);
    return {
      left: left === null || left === undefined ? null : wholeOf(left),
      marks: starts.length,
      isHeld: mark !== undefined && starts.some((at) => held.startsWith(mark, at)),
    };
  });
