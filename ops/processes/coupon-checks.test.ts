/** Which requests a worker of coupon issuing takes for the API's. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createReservationIds } from "../../api/coupons/reservation-id.ts";
import type { CouponId, CouponIssueRequested, ReservationId, UserId } from "../../schemas/coupon.ts";
import { couponChecks } from "./coupon-checks.ts";

const [secret, former] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const [alice, bob] = ["alice" as UserId, "bob" as UserId];
const mintedWith = (key: Buffer, userId: UserId) =>
  createReservationIds(key).mint(userId, 1_800_000_000_000, randomBytes(4));
const requestOf = (reservationId: ReservationId, userId: UserId): CouponIssueRequested => ({
  reservationId,
  userId,
  couponId: "c" as CouponId,
  policyId: null,
  requestedAt: 1_800_000_000_000,
});
const checkWith = (...secrets: readonly Buffer[]) => {
  const [check] = couponChecks({ tokenSecret: secrets[0] ?? secret, tokens: { secrets } });
  return (id: ReservationId, userId: UserId) => check?.wrong(requestOf(id, userId), null);
};

test("coupon checks: let a request through when its id was minted for its user", () => {
  assert.equal(checkWith(secret)(mintedWith(secret, alice), alice), undefined);
});

test("coupon checks: say what is wrong when an id is another user's, another secret's or any UUIDv7", () => {
  const wrong = "its reservation's id was not minted for its user";
  const check = checkWith(secret);
  assert.equal(check(mintedWith(secret, bob), alice), wrong);
  assert.equal(check(mintedWith(former, alice), alice), wrong);
  assert.equal(check("01900000-0000-7000-8000-000000000001" as ReservationId, alice), wrong);
});

test("coupon checks: let a request of before a rotation through when the former secret is given", () => {
  const check = checkWith(secret, former);
  assert.equal(check(mintedWith(former, alice), alice), undefined);
  assert.equal(check(mintedWith(secret, alice), alice), undefined);
});
