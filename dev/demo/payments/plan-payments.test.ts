/** What is paid in the main job is what it is said to be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReservationId, UserId } from "../../../schemas/coupon.ts";
import { type CaseKind, planPayments } from "./plan-payments.ts";

const coupons = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    userId: `user-${n}` as UserId,
    reservationId: `r-${n}` as ReservationId,
  }));
const countsOf = (orders: number, couponCount: number): Readonly<Record<string, number>> => {
  const { cases } = planPayments({ prefix: "p", orders, coupons: coupons(couponCount) });
  return Object.fromEntries([...Map.groupBy(cases, ({ kind }) => kind)].map(([kind, all]) => [kind, all.length]));
};

test("plan of payments: has every kind of case when there are coupons enough", () => {
  const expected = { twice: 5, twoKeys: 5, poor: 5, scarce: 10, stranger: 5, oneCoupon: 5, coupon: 35, plain: 30 };
  assert.deepEqual(countsOf(100, 100), expected satisfies Record<CaseKind, number>);
});

test("plan of payments: has plain orders instead when there are no coupons", () => {
  assert.deepEqual(countsOf(20, 0), { twice: 1, twoKeys: 1, poor: 1, scarce: 2, stranger: 1, plain: 14 });
});

test("plan of payments: uses each coupon in one case, by its user", () => {
  const { orders, cases } = planPayments({ prefix: "p", orders: 100, coupons: coupons(100) });
  const cased = cases.filter(({ kind }) => kind === "coupon" || kind === "oneCoupon");
  const used = orders.flatMap((order) => order.coupons.map((coupon) => [order.userId, coupon] as const));
  assert.equal(new Set(used.map(([, coupon]) => coupon)).size, cased.length);
  assert.ok(used.every(([userId, coupon]) => userId.replace("user", "r") === coupon));
});

test("plan of payments: leaves a won too little to the poor, and enough for two orders to the others", () => {
  const { orders, cases, deposits } = planPayments({ prefix: "p", orders: 20, coupons: [] });
  const balances = new Map(deposits.map(({ userId, amount }) => [userId, amount]));
  const spare = cases.flatMap(({ kind, attempts: [first] }) => {
    const order = orders.find(({ orderId }) => orderId === first?.orderId);
    const total = order?.items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0) ?? 0;
    const balance = order && balances.get(order.userId);
    return [[kind === "poor", balance === total - 1, balance === 2 * total]];
  });
  assert.ok(spare.every(([poor, little, enough]) => (poor ? little : enough)));
});

test("plan of payments: leaves an order open that a person can pay", () => {
  const { orders, cases, deposits, leftOpen } = planPayments({ prefix: "p", orders: 20, coupons: [] });
  assert.ok(orders.some(({ orderId }) => orderId === leftOpen.orderId));
  assert.ok(deposits.some(({ userId, amount }) => userId === leftOpen.userId && amount > 0));
  assert.ok(cases.every(({ attempts }) => attempts.every(({ orderId }) => orderId !== leftOpen.orderId)));
});

test("plan of payments: has half as many units of the scarce option as are wanted", () => {
  const { options, cases, scarceUnits } = planPayments({ prefix: "p", orders: 100, coupons: [] });
  assert.equal(scarceUnits, cases.filter(({ kind }) => kind === "scarce").length / 2);
  assert.equal(options.find(({ optionId }) => optionId === "p-scarce")?.stock, scarceUnits);
});
