/** What judges faults of payments must be able to say no: every finding, made once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PayReply } from "../../../../dev/demo/payments/payer.ts";
import type { PaymentFacts } from "../../../../ops/verify/payments/payment-facts.ts";
import type { Payment } from "../../../../processors/payments/payment-ports.ts";
import type { UserId, Won } from "../../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../../schemas/payment.ts";
import type { AttemptReply } from "../clients.ts";
import { payFaultsOf, payFindingsOf } from "./judge.ts";

const id = (n: number): PaymentId => `payment-${n}` as PaymentId;
const orderId = (n: number): OrderId => `order-${n}` as OrderId;
const userId = "u" as UserId;
const payment = (n: number, order = n): Payment => ({
  ...{ paymentId: id(n), orderId: orderId(order), userId, amount: 1 as Won, discount: 0 as Won, paidAt: 1_000 },
});
const byId = <T>(make: (n: number) => T): Map<PaymentId, T> => new Map([1, 2].map((n) => [id(n), make(n)]));
const asked = (n: number, reply: PayReply): AttemptReply => ({
  ...{ attempt: { orderId: orderId(n), userId, key: `key-${n}` }, reply, requests: 1 },
});
const paid = (n: number): PayReply => ({ kind: "paid", paymentId: id(n), fresh: true });
const refused: PayReply = { kind: "refused", problem: "balance-too-low" };
const group = (deadLetters = 0) => ({ id: "g", committed: [2n], deadLetters });

/** Two orders are paid, answered, remembered and delivered; a third was refused. */
const sound = () => ({
  facts: {
    payments: byId(payment),
    outbox: byId(() => ({ rows: 1, published: true })),
    published: byId((n) => ({ payment: payment(n), partition: 0, offset: BigInt(n - 1), contradicted: false })),
    history: byId(payment),
    platform: byId(() => 1),
    historyGroup: group(),
    externalGroup: group(),
    books: { ordersOff: [], optionsOff: [], balancesOff: [], couponsOff: [], amountsOff: [] } as PaymentFacts["books"],
    outboxSince: 0,
    topicSince: 0,
  } satisfies PaymentFacts,
  replies: [asked(1, paid(1)), asked(2, paid(2)), asked(3, refused)],
});

const amissOf = ({ facts, replies }: ReturnType<typeof sound>): readonly string[] =>
  payFaultsOf(payFindingsOf(facts, { prefix: "u", replies }));

test("judge of payments: finds nothing amiss when everything agrees", () => {
  assert.deepEqual(amissOf(sound()), []);
});

test("judge of payments: finds a promise broken when a client was answered a payment that is not there", () => {
  const world = sound();
  world.replies.push(asked(4, paid(4)));
  assert.deepEqual(amissOf(world), ["answeredNotPaid: 1"]);
});

test("judge of payments: finds a promise broken when a client was answered another order's payment", () => {
  const world = sound();
  world.replies.push(asked(4, paid(1)));
  assert.deepEqual(amissOf(world), ["answeredNotPaid: 1"]);
});

test("judge of payments: finds a promise broken when an order is paid that was refused, or that was not asked for", () => {
  const refusedAndPaid = sound();
  refusedAndPaid.replies[1] = asked(2, refused);
  assert.deepEqual(amissOf(refusedAndPaid), ["paidNotAnswered: 1"]);
  const never = sound();
  never.replies.splice(1, 1);
  assert.deepEqual(amissOf(never), ["paidNotAnswered: 1"]);
});

test("judge of payments: lets one of two who asked for an order be refused", () => {
  const world = sound();
  world.replies.push({ ...asked(1, refused), attempt: { orderId: orderId(1), userId, key: "other" } });
  assert.deepEqual(amissOf(world), []);
});

test("judge of payments: finds an order paid twice when two clients were answered two payments, or two are there", () => {
  const twice = sound();
  twice.replies.push(asked(1, paid(9)));
  assert.deepEqual(amissOf(twice), ["answeredNotPaid: 1", "paidTwice: 1"]);
  const there = sound();
  for (const all of [there.facts.payments, there.facts.history]) all.set(id(2), payment(2, 1));
  there.facts.published.set(id(2), { payment: payment(2, 1), partition: 0, offset: 1n, contradicted: false });
  assert.ok(amissOf(there).includes("paidTwice: 1"));
});

test("judge of payments: finds a client who was never answered", () => {
  const world = sound();
  world.replies.push(asked(4, { kind: "unanswered" }));
  assert.deepEqual(amissOf(world), ["unanswered: 1"]);
});

for (const where of ["outbox", "published", "history", "platform"] as const) {
  const finding = where === "published" ? "topic" : where;
  test(`judge of payments: finds a payment missing when it is not in the ${finding}`, () => {
    const world = sound();
    world.facts[where].delete(id(2));
    assert.ok(amissOf(world).includes(`${finding}: 1`), amissOf(world).join());
  });
}

test("judge of payments: finds one that is not delivered yet, because all is said to be at rest", () => {
  const world = sound();
  world.facts.platform.delete(id(2));
  world.facts.externalGroup = { ...group(), committed: [1n] };
  assert.deepEqual(amissOf(world), ["platform: 1"]);
});

test("judge of payments: finds a second effect, and does not call it missing", () => {
  const world = sound();
  world.facts.platform.set(id(1), 2);
  assert.deepEqual(amissOf(world), ["effectsTwice: 1"]);
});

test("judge of payments: finds books that are off, and dead letters", () => {
  const world = sound();
  world.facts.books = { ...world.facts.books, optionsOff: ["o"], couponsOff: ["c"] };
  world.facts.externalGroup = group(3);
  assert.deepEqual(amissOf(world), ["booksOff: 2", "deadLetters: 3"]);
});

test("judge of payments: is not content when nothing was looked at", () => {
  const world = sound();
  for (const all of [world.facts.payments, world.facts.outbox, world.facts.published, world.facts.history]) all.clear();
  world.facts.platform.clear();
  world.replies.length = 0;
  assert.ok(amissOf(world).includes("nothing was looked at"));
});
