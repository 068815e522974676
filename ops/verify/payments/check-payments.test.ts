/** The verifier must be able to fail: every claim about payments, broken once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import { checkPayments } from "./check-payments.ts";
import { type LetterFacts, noLetters } from "../letters.ts";
import type { OutboxState, PaymentFacts, PublishedPayment } from "./payment-facts.ts";

const id = (n: number): PaymentId => `p-${n}` as PaymentId;
const payment = (n: number, changes: Partial<Payment> = {}): Payment => ({
  paymentId: id(n),
  orderId: `o-${n}` as OrderId,
  userId: "u" as UserId,
  amount: 900 as Won,
  discount: 100 as Won,
  paidAt: 1_000,
  ...changes,
});
const numbers = [1, 2, 3];
const each = <T>(of: (n: number) => T): Map<PaymentId, T> => new Map(numbers.map((n) => [id(n), of(n)]));
const published = (n: number) => ({ payment: payment(n), partition: 0, offset: BigInt(n), contradicted: false });
const group = (id_: string, committed: bigint | undefined = 4n) => ({
  id: id_,
  committed: [committed],
  deadLetters: 0,
});

/** Three payments that were published, recorded and delivered. */
const sound = () =>
  ({
    payments: each((n) => payment(n)),
    outbox: each<OutboxState>(() => ({ rows: 1, published: true })),
    published: each<PublishedPayment>(published),
    history: each((n) => payment(n)),
    platform: each(() => 1),
    historyGroup: group("h"),
    externalGroup: group("e"),
    books: { ordersOff: [], optionsOff: [], balancesOff: [], couponsOff: [], amountsOff: [] },
    outboxSince: 0,
    topicSince: 0,
  }) satisfies PaymentFacts;

const stateOf = (facts: PaymentFacts): readonly string[] =>
  checkPayments(facts).flatMap(({ claim, broken, pending }) => {
    const name = claim.split(" = ")[0] ?? claim;
    return [
      ...(broken > 0 ? [`${name} broken ${broken}`] : []),
      ...(pending > 0 ? [`${name} pending ${pending}`] : []),
    ];
  });
const without = <T>(all: Map<PaymentId, T>, n: number): Map<PaymentId, T> =>
  new Map([...all].filter(([key]) => key !== id(n)));
const withOne = <T>(all: Map<PaymentId, T>, n: number, one: T): Map<PaymentId, T> => new Map([...all, [id(n), one]]);

test("verify payments: finds nothing when everything agrees", () => {
  assert.deepEqual(stateOf(sound()), []);
});

test("verify payments: calls missing payments pending when their letters wait, and nothing when they were discarded", () => {
  const missing = { ...sound(), history: new Map([...sound().history].filter(([key]) => key !== id(2))) };
  const withLetters = (letters: Partial<LetterFacts<PaymentId>>) => ({
    ...missing,
    historyGroup: { ...missing.historyGroup, letters: { ...noLetters, ...letters } },
  });
  assert.deepEqual(stateOf(withLetters({ waiting: new Set([id(2)]) })), ["history pending 1"]);
  assert.deepEqual(stateOf(withLetters({ discarded: new Set([id(2)]) })), []);
  assert.deepEqual(stateOf(withLetters({ replayed: new Set([id(2)]) })), ["history broken 1"]);
});

test("verify payments: says how far deliveries have come when the platform was not asked", () => {
  const unasked = { ...sound(), platform: undefined };
  assert.ok(!checkPayments(unasked).some(({ claim }) => claim.startsWith("platform")));
  assert.deepEqual(stateOf(unasked), []);
  const says = ["external-data has processed every payment of the topic pending 2"];
  assert.deepEqual(stateOf({ ...unasked, externalGroup: group("e", 2n) }), says);
});

const { payments, outbox, history, platform } = sound();
const publishedAll = sound().published;
const cases: Readonly<Record<string, { readonly facts: Partial<PaymentFacts>; readonly says: readonly string[] }>> = {
  "an order is paid twice": {
    facts: { payments: withOne(payments, 3, payment(3, { orderId: "o-1" as OrderId })) },
    says: ["no order is paid twice broken 1", "topic broken 1", "history broken 1"],
  },
  "a payment has no outbox row": { facts: { outbox: without(outbox, 2) }, says: ["outbox broken 1"] },
  "a payment has two outbox rows": {
    facts: { outbox: withOne(outbox, 2, { rows: 2, published: true }) },
    says: ["outbox broken 1"],
  },
  "an outbox row has no payment": {
    facts: { outbox: withOne(outbox, 4, { rows: 1, published: true }) },
    says: ["outbox broken 1"],
  },
  "a row is old enough to be pruned": { facts: { outbox: without(outbox, 2), outboxSince: 1_001 }, says: [] },
  "a published payment is not in the topic": {
    facts: { published: without(publishedAll, 2), history, platform },
    says: ["topic broken 1"],
  },
  "the relay has not published it yet": {
    facts: {
      outbox: withOne(outbox, 2, { rows: 1, published: false }),
      published: without(publishedAll, 2),
      history: without(history, 2),
      platform: without(platform, 2),
    },
    says: ["topic pending 1", "history pending 1", "platform pending 1"],
  },
  "a payment is older than the topic's oldest record": {
    facts: { published: without(publishedAll, 2), topicSince: 1_001 },
    says: [],
  },
  "the topic has a payment that was not made": {
    facts: { published: withOne(publishedAll, 4, published(4)) },
    says: ["topic broken 1"],
  },
  "the topic says something else": {
    facts: { published: withOne(publishedAll, 2, { ...published(2), payment: payment(2, { amount: 901 as Won }) }) },
    says: ["topic broken 1"],
  },
  "the topic has two versions": {
    facts: { published: withOne(publishedAll, 2, { ...published(2), contradicted: true }) },
    says: ["topic broken 1"],
  },
  "the history lacks what its group has passed": {
    facts: { history: without(history, 2) },
    says: ["history broken 1"],
  },
  "the history's group is behind": {
    facts: { history: without(history, 3), historyGroup: group("h", 3n) },
    says: ["history pending 1"],
  },
  "the history's group has committed nothing, and another process wrote rows": {
    facts: { history: without(history, 3), historyGroup: { id: "h", committed: [undefined], deadLetters: 0 } },
    says: ["history broken 1"],
  },
  "no history is written yet": {
    facts: { history: new Map(), historyGroup: { id: "h", committed: [undefined], deadLetters: 0 } },
    says: ["history pending 3"],
  },
  "the history says something else": {
    facts: { history: withOne(history, 2, payment(2, { paidAt: 1_001 })) },
    says: ["history broken 1"],
  },
  "the history has a payment that was not made": {
    facts: { history: withOne(history, 4, payment(4)) },
    says: ["history broken 1"],
  },
  "a payment was not delivered": { facts: { platform: without(platform, 2) }, says: ["platform broken 1"] },
  "a payment took effect twice": { facts: { platform: withOne(platform, 2, 2) }, says: ["platform broken 1"] },
  "the platform has a payment that was not made": {
    facts: { platform: withOne(platform, 4, 1) },
    says: ["platform broken 1"],
  },
};

for (const [what, { facts, says }] of Object.entries(cases)) {
  test(`verify payments: says so when ${what}`, () => {
    assert.deepEqual(stateOf({ ...sound(), ...facts }), says);
  });
}

test("verify payments: counts apart what is older than the topic's oldest record, and breaks on what is not", () => {
  const topicOf = (topicSince: number) => {
    const checks = checkPayments({ ...sound(), published: without(publishedAll, 2), topicSince });
    return checks.find(({ claim }) => claim.startsWith("topic ="));
  };
  const [older, lost] = [topicOf(1_001), topicOf(1_000)];
  assert.deepEqual([older?.broken, older?.pending, older?.older], [0, 0, 1]);
  assert.deepEqual([lost?.broken, lost?.pending, lost?.older], [1, 0, undefined]);
});

for (const book of ["ordersOff", "optionsOff", "balancesOff", "couponsOff", "amountsOff"] as const) {
  test(`verify payments: one claim breaks, with its example, when the books have ${book}`, () => {
    const broken = checkPayments({ ...sound(), books: { ...sound().books, [book]: ["it"] } }).filter(
      (one) => one.broken > 0,
    );
    assert.deepEqual(
      broken.map(({ examples }) => examples),
      [["it"]],
    );
  });
}

test("verify payments: names a payment alike in two looks when it was written or delivered once more between them", () => {
  const names = (times: number): readonly string[] =>
    checkPayments({
      ...sound(),
      outbox: withOne(outbox, 2, { rows: times, published: true }),
      platform: withOne(platform, 2, times),
    }).flatMap(({ found }) => [...(found?.() ?? [])]);
  assert.deepEqual(names(2), [`${id(2)} has not one row in the outbox`, `${id(2)} had not one effect`]);
  assert.deepEqual(names(3), names(2));
});
