/** The story of a payment: its order, its row, its outbox, its record, and those who read it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentCompleted, PaymentId } from "../../schemas/payment.ts";
import type { PaymentFacts, Reader } from "./payment.ts";
import { tellPayment } from "./tell-payment.ts";

const payment: PaymentCompleted = {
  ...{ paymentId: "pay" as PaymentId, orderId: "ord" as OrderId, userId: "u" as UserId },
  ...{ amount: 900 as Won, discount: 100 as Won, paidAt: 1_000 },
};
const reader = (topology: string, over: Partial<Reader> = {}): Reader => ({
  ...{ topology, committed: 8n, letters: { topology, standings: [], isWhole: true } },
  ...over,
});
const nowhere = { isWhole: true } as const;

/** A payment that everybody has seen. */
const whole: PaymentFacts = {
  ...{ subject: { kind: "payment", id: "pay" }, now: 5_000, orderId: payment.orderId, payment, coupons: [] },
  ...{ order: { orderId: payment.orderId, userId: payment.userId, isPaid: true }, outboxKeptMs: 60_000 },
  outbox: [{ outboxNo: 3, publishedAt: 1_200 }],
  record: { found: { value: { ...payment }, partition: 1, offset: 7n, at: 1_150 }, isWhole: true },
  history: payment,
  ...{ historyReader: reader("transaction-history"), externalReader: reader("external-data") },
};

test("tellPayment: tells every moment by its time when everybody has seen it", () => {
  const { moments, contradictions, pending, unknown } = tellPayment(whole);
  assert.deepEqual(
    moments.map(({ what, from }) => [what, from]),
    [
      ["order", "tables customer_order, order_coupon"],
      ["paid", "table payment"],
      ["published", "payment-completed/1/7"],
      ["history", "table transaction_history"],
      ["delivered", "offsets of external-data"],
      ["outbox", "table outbox"],
    ],
  );
  assert.deepEqual([contradictions, pending, unknown], [[], [], []]);
});

const contradictions: readonly (readonly [string, Partial<PaymentFacts>, readonly string[]])[] = [
  ["a paid order has no payment", { payment: undefined }, ["the order is paid, and has no payment"]],
  ["its order is unknown", { order: undefined }, ["its order ord is unknown"]],
  [
    "its order is before payment",
    { order: { orderId: payment.orderId, userId: payment.userId, isPaid: false } },
    ["it is paid, and its order is before payment"],
  ],
  [
    "another user has the order",
    { order: { orderId: payment.orderId, userId: "x" as UserId, isPaid: true } },
    ["u paid an order of x"],
  ],
  [
    "it has two outbox rows",
    { outbox: [...whole.outbox, { outboxNo: 4, publishedAt: 1_300 }] },
    ["the outbox has 2 rows of it"],
  ],
  [
    "its record is lost",
    { record: nowhere, history: undefined },
    ["its row is published, and its topic has no record of it"],
  ],
  ["its history differs", { history: { ...payment, amount: 1 as Won } }, ["its history says otherwise than its row"]],
  [
    "its history was passed over",
    { history: undefined },
    ["transaction-history has passed it, and there is no row and no dead letter"],
  ],
];

for (const [situation, over, expected] of contradictions)
  test(`tellPayment: names the contradiction when ${situation}`, () => {
    assert.deepEqual(tellPayment({ ...whole, ...over }).contradictions, expected);
  });

test("tellPayment: says what is still to come when nobody has read it", () => {
  const behind = {
    ...{ history: undefined, historyReader: reader("transaction-history", { committed: 7n }) },
    externalReader: reader("external-data", { committed: undefined }),
  };
  assert.deepEqual(tellPayment({ ...whole, ...behind }).pending, [
    "transaction-history has not come to it yet",
    "external-data has not come to it yet",
  ]);
  const unpublished = { ...behind, record: nowhere, outbox: [{ outboxNo: 3, publishedAt: null }] };
  assert.deepEqual(tellPayment({ ...whole, ...unpublished }).pending, ["it is not published yet"]);
  const unpaid = { payment: undefined, order: { orderId: payment.orderId, userId: payment.userId, isPaid: false } };
  assert.deepEqual(tellPayment({ ...whole, ...unpaid }).pending, ["it is not paid yet"]);
});

test("tellPayment: says what it cannot know when rows and records are gone", () => {
  const gone = { now: 1_000_000, outbox: [], record: { isWhole: false } };
  const { contradictions: none, unknown } = tellPayment({ ...whole, ...gone });
  assert.deepEqual([none, unknown.length], [[], 2]);
  assert.match(unknown[0] ?? "", /deleted by now/);
});
