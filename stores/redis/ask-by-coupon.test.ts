/** A round of takes, by coupon. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Take } from "../../processors/coupons/coupon-ports.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { hexOf } from "../ids.ts";
import { type Ask, askByCoupon } from "./ask-by-coupon.ts";

const idOf = (n: number): ReservationId =>
  `0190a0b0-0000-7000-8000-${n.toString(16).padStart(12, "0")}` as ReservationId;
const takeOf = (coupon: number, reservation: number): Take => ({
  couponId: `coupon-${coupon}` as CouponId,
  userId: "user" as UserId,
  reservationId: idOf(reservation),
});

test("asking by coupon: writes each reservation of a coupon once, in the order of its first take, and finds it again for every take", () => {
  const take = fc.tuple(fc.nat(4), fc.nat(6)).map(([coupon, reservation]) => takeOf(coupon, reservation));
  fc.assert(
    fc.property(fc.array(take, { maxLength: 40 }), (takes) => {
      const { asks, couponOf, markOf } = askByCoupon(takes);
      const expected = Map.groupBy(takes, ({ couponId }) => couponId);
      assert.deepEqual(
        asks,
        [...expected].map(([couponId, own]) => ({
          couponId,
          ids: [...new Set(own.map(({ reservationId }) => hexOf(reservationId)))].join(""),
        })),
      );
      for (const [place, { couponId, reservationId }] of takes.entries()) {
        const { couponId: of, ids }: Ask = asks[couponOf[place] ?? -1] ?? assert.fail();
        const from = 32 * (markOf[place] ?? -1);
        assert.equal(of, couponId);
        assert.equal(ids.slice(from, from + 32), hexOf(reservationId));
      }
    }),
  );
});
