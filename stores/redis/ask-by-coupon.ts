/**
 * A round of takes, by coupon: what the gate is asked of each, and which letter of its answer is whose. All of a round's marks are
 * written into one buffer: with a thousand coupons a round, a map and two lists of each were 200 bytes a request.
 */
import type { Take } from "../../processors/coupons/coupon-ports.ts";
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";
import { putHex } from "../ids.ts";
import { markDigits } from "./stock-scripts.ts";

/** What a round asks of one coupon. */
export interface Ask {
  readonly couponId: CouponId;
  /** The marks of its reservations in the order of their first takes, each once, as one text. */
  readonly ids: string;
}

/** A round, asked. */
export interface Asked {
  /** In the order of each coupon's first take. */
  readonly asks: readonly Ask[];
  /** Of each take which of the asks it is in. */
  readonly couponOf: Uint32Array;
  /** Of each take which of that ask's marks is its own. */
  readonly markOf: Uint32Array;
}

/** Sorts checked takes by coupon: a coupon's keep their order, and coupons don't affect each other. */
export const askByCoupon = (takes: readonly Take[]): Asked => {
  const couponOf = new Uint32Array(takes.length);
  const coupons = numberCoupons(takes, couponOf);
  const { markOf, counts } = numberMarks(takes, couponOf, coupons.length);
  return { asks: textsOf(takes, { coupons, couponOf, markOf, counts }), couponOf, markOf };
};

/** Writes the number of its coupon for each take; answers the coupons by their numbers. */
const numberCoupons = (takes: readonly Take[], couponOf: Uint32Array): readonly CouponId[] => {
  const numbers = new Map<CouponId, number>();
  let place = 0;
  for (const { couponId } of takes) {
    let number = numbers.get(couponId);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(couponId, number);
    }
    couponOf[place++] = number;
  }
  return [...numbers.keys()];
};

/** Of each take the number of its mark among its coupon's, and how many marks each coupon has. */
const numberMarks = (takes: readonly Take[], couponOf: Uint32Array, coupons: number) => {
  const markOf = new Uint32Array(takes.length);
  const counts = new Uint32Array(coupons);
  // Nearly every reservation is there once. One that is asked for two coupons has a mark in each: found by both.
  const places = new Map<ReservationId | string, number>();
  let place = 0;
  for (const { reservationId } of takes) {
    const coupon = couponOf[place] ?? 0;
    const first = places.get(reservationId);
    const isOthers = first !== undefined && couponOf[first] !== coupon;
    const name = isOthers ? `${coupon} ${reservationId}` : reservationId;
    const same = isOthers ? places.get(name) : first;
    if (same === undefined) {
      places.set(name, place);
      markOf[place] = counts[coupon] ?? 0;
      counts[coupon] = (counts[coupon] ?? 0) + 1;
    } else markOf[place] = markOf[same] ?? 0;
    place++;
  }
  return { markOf, counts };
};

interface Numbered {
  readonly coupons: readonly CouponId[];
  readonly couponOf: Uint32Array;
  readonly markOf: Uint32Array;
  readonly counts: Uint32Array;
}

const textsOf = (takes: readonly Take[], { coupons, couponOf, markOf, counts }: Numbered): readonly Ask[] => {
  const starts = new Uint32Array(coupons.length);
  let marks = 0;
  for (let coupon = 0; coupon < starts.length; coupon++) {
    starts[coupon] = marks;
    marks += counts[coupon] ?? 0;
  }
  const digits = Buffer.allocUnsafe(marks * markDigits);
  let place = 0;
  for (const { reservationId } of takes) {
    const mark = (starts[couponOf[place] ?? 0] ?? 0) + (markOf[place] ?? 0);
    putHex(digits, mark * markDigits, reservationId);
    place++;
  }
  const asks: Ask[] = [];
  for (let coupon = 0; coupon < starts.length; coupon++) {
    const from = (starts[coupon] ?? 0) * markDigits;
    const ids = digits.toString("latin1", from, from + (counts[coupon] ?? 0) * markDigits);
    asks.push({ couponId: coupons[coupon] as CouponId, ids }); // As many as there are counts.
  }
  return asks;
};
