/**
 * What must be true of a world of payments: while it runs, where it could first be false (witness.ts), and when it has
 * come to rest, from scratch: shop, payments, outbox, topic, history and platform are compared with each other.
 */
import type { OrderItem, Payment } from "../../../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../../../schemas/payment.ts";
import type { HistoryRow } from "../../../../sinks/transaction-history.ts";
import type { MemoryPayments } from "../../../../processors/memory/memory-payments.ts";
import type { Broken, Promises } from "../../story.ts";
import { lieOf } from "./answers.ts";
import { orderName, paymentName } from "../names.ts";
import type { Platform } from "../stores/sinks.ts";
import type { Witness } from "./witness.ts";
import type { Shop } from "../workload.ts";

/** Every claim, and the worlds it is promised in. */
export const paymentPromises = {
  "an order is paid at most once": "always",
  "what is answered is what is stored": "always",
  "two answers to one key never differ": "always",
  "a payment is answered as such, and so is a repeat": "always",
  "what is known is answered": "always",
  "what was answered as not paid is not paid": "always",
  // But for more money, nothing that refuses an order ever goes away.
  "a refusal remains": "always",
  "what is decided is what a naive loop decides": "always",
  "every request is answered by its deadline": "always",
  "stock and balances agree to the unit": "always",
  "coupons are used by paid orders, and by no others": "always",
  "payments, outbox, topic, history and platform are the same": "always",
  "the platform has one effect for each payment": "always",
  "only what is paid is published": "always",
  "rows are published in the order of their numbers": "always",
  "a payment is in the partition of its order": "always",
  "a row is marked only when its record is in the log": "always",
  "only the leader marks": "always",
  "only what is published is pruned": "always",
  "only what is wrong is dead-lettered": "always",
  "a commit passes nothing unfinished": "always",
  "commits never go back": "always",
  // Long freezes and calls that outlast a drain leave something behind.
  "a drained process has nothing in flight": ["orderly"],
  "no process ends by itself": "always",
  "everything comes to rest": "always",
} as const satisfies Promises;
/** One of {@link paymentPromises}. */
export type PaymentClaim = keyof typeof paymentPromises;

/** A world at rest. */
export interface PaymentRest {
  readonly shop: Shop;
  readonly state: MemoryPayments;
  readonly witness: Witness;
  readonly history: ReadonlyMap<PaymentId, HistoryRow>;
  readonly platform: Platform;
  /** What was added to balances, by user. */
  readonly toppedUp: ReadonlyMap<string, number>;
}

/** Everything that is not as claimed, promised or not. */
export const checkPaymentsAtRest = (rest: PaymentRest): readonly Broken<PaymentClaim>[] => [
  ...booksAgree(rest),
  ...couponsAgree(rest),
  ...setsAgree(rest),
  ...toldStands(rest),
  ...deadLettersAreEarned(rest),
];

const paidItems = ({ shop, state }: PaymentRest): readonly OrderItem[] =>
  [...state.payments.values()].flatMap(({ orderId }) => shop.orders.get(orderId)?.items ?? []);

const booksAgree = (rest: PaymentRest): readonly Broken<PaymentClaim>[] => {
  const { shop, state, toppedUp } = rest;
  const claim = "stock and balances agree to the unit";
  const payments = [...state.payments.values()];
  const items = paidItems(rest);
  const options = [...shop.stock].flatMap(([optionId, stock]) => {
    const sold = items.reduce((sum, item) => (item.optionId === optionId ? sum + item.quantity : sum), 0);
    const left = state.left.get(optionId) ?? Number.NaN;
    return left >= 0 && sold + left === stock ? [] : [`${optionId}: ${sold} sold and ${left} left of ${stock}`];
  });
  const users = new Set([...shop.deposits.keys(), ...payments.map(({ userId }) => userId), ...state.balances.keys()]);
  const accounts = [...users].flatMap((userId) => {
    const spent = payments.reduce((sum, payment) => (payment.userId === userId ? sum + payment.amount : sum), 0);
    const there = (shop.deposits.get(userId) ?? 0) + (toppedUp.get(userId) ?? 0);
    const balance = state.balances.get(userId) ?? 0;
    return balance >= 0 && spent + balance === there
      ? []
      : [`${userId}: ${spent} spent and ${balance} left of ${there}`];
  });
  const sums = payments.flatMap((payment) => {
    const all = shop.orders.get(payment.orderId)?.items ?? [];
    const total = all.reduce((sum, item) => sum + item.quantity * item.unitPrice, 0);
    if (payment.amount >= 0 && payment.discount >= 0 && payment.amount + payment.discount === total) return [];
    return [`${orderName(payment.orderId)}: ${payment.amount} and ${payment.discount} off of ${total}`];
  });
  return [...options, ...accounts, ...sums].map((what) => ({ claim, what, about: [] }));
};

const couponsAgree = ({ shop, state }: PaymentRest): readonly Broken<PaymentClaim>[] => {
  const claim = "coupons are used by paid orders, and by no others";
  const wanted = [...state.payments.values()].flatMap(({ orderId }) => shop.orders.get(orderId)?.coupons ?? []);
  const twice = wanted.filter((id, at) => wanted.indexOf(id) !== at);
  const paying = new Set(wanted);
  const wrong = [...shop.coupons].filter(
    ([id, before]) =>
      state.coupons.get(id)?.used !== (before.used || paying.has(id)) || (before.used && paying.has(id)),
  );
  const unpaid = [...state.orders.values()].filter(({ orderId, paid }) => {
    const isPaid = [...state.payments.values()].some((payment) => payment.orderId === orderId);
    return isPaid !== paid;
  });
  return [
    ...twice.map((id) => ({ claim, what: `${id} was used twice`, about: [] }) as const),
    ...wrong.map(([id]) => ({ claim, what: `${id} is not as its orders are`, about: [] }) as const),
    ...unpaid.map(
      ({ orderId }) => ({ claim, what: `${orderName(orderId)} is not as its payment`, about: [] }) as const,
    ),
  ];
};

const setsAgree = ({ shop, state, witness, history, platform }: PaymentRest): readonly Broken<PaymentClaim>[] => {
  const claim = "payments, outbox, topic, history and platform are the same";
  const unpublished = new Set(
    [...state.outbox.values()].flatMap(({ payment, publishedAt }) => (publishedAt === null ? [payment.paymentId] : [])),
  );
  const missing = [...state.payments.values()].flatMap((payment) => {
    const { paymentId, orderId } = payment;
    const isWanted = !shop.unwanted.has(orderId);
    const where = [
      ...(unpublished.has(paymentId) ? ["is marked"] : []),
      ...(witness.publishedIds.has(paymentId) ? [] : ["is in the topic"]),
      ...(isSame(history.get(paymentId), payment) ? [] : ["is in the history"]),
      ...(platform.effects.has(paymentId) === isWanted ? [] : ["is with the platform if it wants it"]),
    ];
    return where.map((what) => [payment, `${paymentName(paymentId)}: not so that it ${what}`] as const);
  });
  const outbox = [...state.outbox.values()].map(({ payment }) => payment.paymentId);
  const everywhere = [...outbox, ...witness.publishedIds, ...history.keys(), ...platform.effects.keys()];
  const foreign = [...new Set(everywhere)].filter((id) => !state.payments.has(id));
  const twice = [...platform.effects].filter(([, times]) => times !== 1);
  return [
    ...missing.map(([{ orderId }, what]) => ({ claim, what, about: [orderName(orderId)] }) as const),
    ...foreign.map((id) => ({ claim, what: `${paymentName(id)} is no payment`, about: [] }) as const),
    ...twice.map(([id, times]) => ({
      claim: "the platform has one effect for each payment" as const,
      what: `${paymentName(id)} had ${times}`,
      about: [],
    })),
  ];
};

const isSame = (row: HistoryRow | undefined, payment: Payment): boolean =>
  (["orderId", "userId", "amount", "discount", "paidAt"] as const).every((field) => row?.[field] === payment[field]);

/** For ever: a client that was answered a payment finds it as it was answered. */
const toldStands = ({ state, witness }: PaymentRest): readonly Broken<PaymentClaim>[] =>
  [...witness.replies].flatMap(([number, reply]) => {
    if (reply.kind !== "paid" && reply.kind !== "repeat") return [];
    const lie = lieOf(reply.payment, state);
    if (lie === undefined) return [];
    const what = `#${number} was answered ${paymentName(reply.payment.paymentId)}, and ${lie}`;
    return [{ claim: "what is answered is what is stored", what, about: [orderName(reply.payment.orderId)] }];
  });

/** The platform's refusals, and bytes that are no payment; each once at least, in each topology that has to. */
const deadLettersAreEarned = ({ shop, witness, platform }: PaymentRest): readonly Broken<PaymentClaim>[] => {
  const claim = "only what is wrong is dead-lettered";
  const unearned = witness.dead.flatMap(({ topology, place, code }) => {
    const payment = witness.published.get(place)?.payment;
    const isRefused =
      payment !== undefined &&
      shop.unwanted.has(payment.orderId) &&
      platform.refused.get(payment.paymentId) === "unwanted";
    const isEarned =
      payment === undefined
        ? code === "MALFORMED" && witness.published.has(place)
        : topology === "external-data" && code === "DELIVERY_REFUSED" && isRefused;
    const about = payment === undefined ? [] : [orderName(payment.orderId)];
    return isEarned ? [] : [{ claim, what: `${place} died of ${code} in ${topology}`, about } as const];
  });
  const missing = [...witness.published].flatMap(([place, { payment }]) => {
    const dead = (topology: string): boolean =>
      witness.dead.some((one) => one.topology === topology && one.place === place);
    const dying = payment === undefined ? ["transaction-history", "external-data"] : [];
    const topologies = payment !== undefined && shop.unwanted.has(payment.orderId) ? ["external-data"] : dying;
    return topologies.flatMap((topology) =>
      dead(topology) ? [] : [{ claim, what: `${place} has no dead letter in ${topology}`, about: [] } as const],
    );
  });
  return [...unearned, ...missing];
};
