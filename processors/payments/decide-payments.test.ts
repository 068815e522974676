// What coupons take off, and which of several asks are paid. The contract suite of payments runs the rule too: stores/testing/fakes.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Discount, ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import { decidePayments, discountOf, type KnownPayments } from "./decide-payments.ts";
import { memoryPayments } from "../memory/memory-payments.ts";
import { payOneByOne } from "../testing/pay-one-by-one.ts";
import { rulePaymentBook } from "../memory/rule-payment-book.ts";
import type { OptionId, Order, PaymentAsk } from "./payment-ports.ts";

const won = (amount: number): Won => amount as Won;
const fixed = (amount: number): Discount => ({ kind: "fixed", amount: won(amount) });
const percent = (of: number, maxAmount: number): Discount => ({
  kind: "percent",
  percent: of,
  maxAmount: won(maxAmount),
});

for (const [what, total, discounts, off] of [
  ["nothing without coupons", 10_000, [], 0],
  ["a fixed amount", 10_000, [fixed(3_000)], 3_000],
  ["no more than the total", 2_000, [fixed(3_000)], 2_000],
  ["a percentage of the total", 10_000, [percent(15, 5_000)], 1_500],
  ["no more of a percentage than its maximum", 100_000, [percent(15, 5_000)], 5_000],
  ["a percentage rounded down to the won", 199, [percent(50, 5_000)], 99],
  ["everything at 100 percent", 12_345, [percent(100, 99_999)], 12_345],
  ["each its part of the whole total, in any order", 10_000, [fixed(1_000), percent(10, 5_000)], 2_000],
  ["each its part of the whole total, in any order", 10_000, [percent(10, 5_000), fixed(1_000)], 2_000],
  ["together no more than the total", 10_000, [fixed(6_000), percent(50, 9_000)], 10_000],
] as const) {
  test(`discount: takes off ${what} (${total} won, ${discounts.length} coupons)`, () => {
    assert.equal(discountOf(won(total), discounts), off);
  });
}

test("discount: is exact for every total there may be", () => {
  const amount = fc.integer({ min: 0, max: 1_000_000_000_000_000 });
  fc.assert(
    fc.property(amount, fc.integer({ min: 1, max: 100 }), amount, (total, of, most) => {
      const exact = (BigInt(total) * BigInt(of)) / 100n;
      const expected = exact < BigInt(most) ? exact : BigInt(most);
      assert.equal(BigInt(discountOf(won(total), [percent(of, most)])), expected);
    }),
  );
});

const alice = "alice" as UserId;
const [a, b] = ["a", "b"] as unknown as readonly [OptionId, OptionId];
const orderOf = (n: number, quantities: readonly (readonly [OptionId, number])[]): Order => ({
  orderId: `order-${n}` as OrderId,
  userId: alice,
  items: quantities.map(([optionId, quantity]) => ({ optionId, quantity, unitPrice: won(10) })),
  coupons: [],
});
const askOf = ({ orderId }: Order): PaymentAsk => ({
  orderId,
  userId: alice,
  key: `key of ${orderId}`,
  fingerprint: Buffer.from(orderId),
  paymentId: `payment of ${orderId}` as PaymentId,
});
const knownOf = (orders: readonly Order[], changes: Partial<KnownPayments> = {}): KnownPayments => ({
  now: 1_000,
  bound: new Map(),
  orders: new Map(orders.map((order) => [order.orderId, { ...order, paid: false }])),
  left: new Map([
    [a, 5],
    [b, 5],
  ]),
  balances: new Map([[alice, won(100)]]),
  coupons: new Map(),
  ...changes,
});

test("payments: a refused one takes nothing that a later one could have", () => {
  const orders = [
    orderOf(1, [
      [a, 5],
      [b, 6],
    ]),
    orderOf(2, [[a, 11]]),
    orderOf(3, [[a, 5]]),
  ];
  const { answers, paid } = decidePayments(orders.map(askOf), knownOf(orders));
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ["outOfStock", "outOfStock", "paid"],
  );
  assert.deepEqual(
    paid.map(({ order }) => order.orderId),
    ["order-3"],
  );
});

test("payments: an order is paid by the first of two keys of one call", () => {
  const order = orderOf(1, [[a, 1]]);
  const other = { ...askOf(order), key: "other", paymentId: "another payment" as PaymentId };
  const { answers, paid } = decidePayments([askOf(order), other], knownOf([order]));
  assert.equal(paid.length, 1);
  assert.deepEqual(answers[1], { kind: "orderNotPayable", why: "paid" });
});

test("payments: sum up one option on two lines of an order", () => {
  const order = orderOf(1, [
    [a, 3],
    [a, 3],
  ]);
  const { answers } = decidePayments([askOf(order)], knownOf([order]));
  assert.deepEqual(answers, [{ kind: "outOfStock", options: [{ optionId: a, wanted: 6, left: 5 }] }]);
});

test("payments: a coupon is good until the millisecond it expires in", () => {
  const reservationId = "coupon" as ReservationId;
  const order = { ...orderOf(1, [[a, 1]]), coupons: [reservationId] };
  const kindAt = (now: number) => {
    const coupon = { userId: alice, used: false, expiresAt: 1_000, discount: fixed(1), minOrderAmount: won(10) };
    const known = knownOf([order], { now, coupons: new Map([[reservationId, coupon]]) });
    return decidePayments([askOf(order)], known).answers[0]?.kind;
  };
  assert.equal(kindAt(999), "paid");
  assert.equal(kindAt(1_000), "couponNotUsable");
});

test("payments: leave what they were decided from as it was", () => {
  const order = orderOf(1, [[a, 1]]);
  const known = knownOf([order]);
  decidePayments([askOf(order)], known);
  assert.deepEqual(known, knownOf([order]));
});

test("payments: never take more than there is, and exactly what was paid", () => {
  const quantity = fc.integer({ min: 1, max: 4 });
  const orders = fc.array(fc.tuple(quantity, quantity), { maxLength: 12 }).map((all) =>
    all.map(([ofA, ofB], n) =>
      orderOf(n, [
        [a, ofA],
        [b, ofB],
      ]),
    ),
  );
  fc.assert(
    fc.property(orders, (all) => {
      const { answers, paid } = decidePayments(all.map(askOf), knownOf(all));
      assert.equal(answers.length, all.length);
      for (const option of [a, b]) {
        const taken = paid.flatMap(({ order }) => order.items).filter(({ optionId }) => optionId === option);
        assert.ok(taken.reduce((sum, item) => sum + item.quantity, 0) <= 5);
      }
      assert.ok(paid.reduce((sum, { payment }) => sum + payment.amount, 0) <= 100);
      assert.equal(answers.filter(({ kind }) => kind === "paid").length, paid.length);
    }),
  );
});

/** Small numbers, so that stock, balances, keys and coupons are used up and met again. */
const shops = fc.record({
  left: fc.tuple(fc.nat(6), fc.nat(6)),
  balances: fc.array(fc.nat(120), { maxLength: 2 }),
  coupons: fc.array(
    fc.record({
      owner: fc.nat(1),
      used: fc.boolean(),
      expiresAt: fc.constantFrom(999, 1_000, 1_001),
      minOrderAmount: fc.constantFrom(0, 10, 30),
      discount: fc.oneof(
        fc.nat(40).map(fixed),
        fc.tuple(fc.integer({ min: 1, max: 100 }), fc.nat(40)).map(([of, most]) => percent(of, most)),
      ),
    }),
    { maxLength: 3 },
  ),
  orders: fc.array(
    fc.record({
      owner: fc.nat(1),
      items: fc.array(fc.tuple(fc.constantFrom(a, b), fc.integer({ min: 1, max: 3 })), { maxLength: 3 }),
      coupons: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  calls: fc.array(
    fc.array(fc.record({ order: fc.nat(4), user: fc.nat(1), key: fc.nat(3), other: fc.boolean() }), { maxLength: 5 }),
    { maxLength: 3 },
  ),
});

type Shop = typeof shops extends fc.Arbitrary<infer T> ? T : never;

const userOf = (n: number): UserId => `user-${n}` as UserId;
const couponOf = (n: number): ReservationId => `coupon-${n}` as ReservationId;

const stateOf = ({ left, balances, coupons, orders }: Shop) => {
  const state = { ...memoryPayments(), now: 1_000 };
  state.left.set(a, left[0]).set(b, left[1]);
  for (const [n, balance] of balances.entries()) state.balances.set(userOf(n), won(balance));
  for (const [n, { owner, minOrderAmount, ...coupon }] of coupons.entries())
    state.coupons.set(couponOf(n), { ...coupon, userId: userOf(owner), minOrderAmount: won(minOrderAmount) });
  for (const [n, { owner, items, coupons: used }] of orders.entries()) {
    const order = { ...orderOf(n, items), userId: userOf(owner), coupons: used.map(couponOf) };
    state.orders.set(order.orderId, { ...order, paid: false });
  }
  return state;
};

const asksOf = ({ calls }: Shop): readonly (readonly PaymentAsk[])[] =>
  calls.map((asks, call) =>
    asks.map(({ order, user, key, other }, n) => ({
      orderId: `order-${order}` as OrderId,
      userId: userOf(user),
      key: `key-${key}`,
      fingerprint: Buffer.from(other ? "other" : `order-${order}`),
      paymentId: `payment-${call}-${n % 3}` as PaymentId,
    })),
  );

test("payments: answer and leave what one payment after the other answers and leaves", async () => {
  await fc.assert(
    fc.asyncProperty(shops, async (shop) => {
      const [ruled, naive] = [stateOf(shop), stateOf(shop)];
      for (const asks of asksOf(shop)) {
        assert.deepEqual(await rulePaymentBook(ruled).pay(asks), payOneByOne(naive, asks));
        assert.deepEqual(ruled, naive);
      }
    }),
    { numRuns: 1_000 },
  );
});
