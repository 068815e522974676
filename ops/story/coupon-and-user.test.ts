/** The stories of a coupon and of a user. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponId, PolicyId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { type CouponState, tellCoupon, tellUser } from "./coupon-and-user.ts";

const state: CouponState = {
  coupon: {
    ...{ couponId: "c" as CouponId, stock: 1_000, remaining: 400, opensAt: 1_000, closesAt: null },
    ...{ validForDays: 30, policyId: "p" as PolicyId, name: "Summer" },
  },
  issuedRows: 600,
  unit: { left: 400, marks: 0, isHeld: false },
};

test("tellCoupon: tells its terms, its stock and its gate when all agree", () => {
  const { moments, contradictions, pending } = tellCoupon(state);
  assert.deepEqual(
    moments.map(({ what, text }) => `${what}: ${text}`),
    [
      "terms: Summer (p), valid for 30 days",
      "opens: by its terms",
      "stock: 600 of 1,000 taken, 400 left",
      "issued: 600 user coupons",
      "gate: 400 left, 0 in flight",
    ],
  );
  assert.deepEqual([contradictions, pending], [[], []]);
});

const wrong: readonly (readonly [string, Partial<CouponState>, RegExp])[] = [
  ["rows are missing", { issuedRows: 599 }, /^600 units are taken, and 599 user coupons are there$/],
  ["the gate has too few", { unit: { left: 399, marks: 0, isHeld: false } }, /^Redis has 399 left and none in flight/],
  ["its key holds something else", { unit: { left: Number.NaN, marks: 0, isHeld: false } }, /holds no counter/],
];
for (const [situation, over, expected] of wrong)
  test(`tellCoupon: names the contradiction when ${situation}`, () => {
    const { contradictions } = tellCoupon({ ...state, ...over });
    assert.equal(contradictions.length, 1);
    assert.match(contradictions[0] ?? "", expected);
  });

test("tellCoupon: finds nothing wrong when the gate is behind, forgot the coupon, or is away", () => {
  const units = [{ left: 390, marks: 10, isHeld: false }, { left: null, marks: 0, isHeld: false }, undefined];
  for (const unit of units) assert.deepEqual(tellCoupon({ ...state, unit }).contradictions, []);
});

test("tellUser: tells coupons by their time, and what no index finds, when a user has some", () => {
  const { moments, unknown } = tellUser({
    ...{ userId: "u" as UserId, payments: [], balance: { deposited: 10, balance: 4 } },
    coupons: [
      {
        ...{ reservationId: "r" as ReservationId, couponId: "c" as CouponId, userId: "u" as UserId },
        ...{ policyId: "p" as PolicyId, isUsed: true, issuedAt: 5, expiresAt: 9 },
      },
    ],
  });
  assert.deepEqual(
    moments.map(({ text }) => text),
    ["4 of 10 won are left", "c by r, used by an order"],
  );
  assert.equal(unknown.length, 1);
});
