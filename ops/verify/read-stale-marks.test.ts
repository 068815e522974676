/** Which marks of the gate have no issued coupon behind them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mark } from "../../processors/coupons/reconcile-coupons.ts";
import { aCouponId, aReservationId, aUserId, many } from "../../processors/testing/samples.ts";
import type { PolicyId, UserId } from "../../schemas/coupon.ts";
import { readStaleMarks } from "./read-stale-marks.ts";

const couponId = aCouponId();
const aMark = (): Mark => ({ userId: aUserId(), reservationId: aReservationId() });
const gateOf = (marks: readonly Mark[]) => ({ marks: async () => ({ marks, next: undefined }) });

test("stale marks: leave out the mark of an issued coupon, and keep that of another user's", async () => {
  const [earned, stolen] = [aMark(), aMark()];
  const verdict = { kind: "issued", couponId, policyId: "p" as PolicyId, issuedAt: 1, expiresAt: 2 } as const;
  const issued = new Map([
    [earned.reservationId, { ...verdict, userId: earned.userId }],
    [stolen.reservationId, { ...verdict, userId: aUserId() }],
  ]);
  assert.deepEqual(await readStaleMarks(gateOf([earned, stolen]), [couponId], issued), [{ couponId, ...stolen }]);
});

test("stale marks: are all read when one coupon has more than a call can have arguments", async () => {
  // Made without randomness, which would take seconds.
  const { reservationId } = aMark();
  const marks = many(200_000, (n) => ({ userId: `u-${n}` as UserId, reservationId }));
  assert.equal((await readStaleMarks(gateOf(marks), [couponId], new Map())).length, marks.length);
});
