/** The claims of payments, checked against facts: paid once, in the outbox, published, in the history and delivered. Pure. */
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import { auditMaxIds } from "../../../stores/mysql/payments/payment-audit.ts";
import { type Check, check, withOlder } from "../check.ts";
import type { DownstreamGroup, PaymentFacts } from "./payment-facts.ts";
import { retriesStandForLetters } from "../letters.ts";
import { isBehind } from "../pending.ts";

/** Checks every claim. Where the platform was not asked, the offsets of its group are checked instead. */
export const checkPayments = (facts: PaymentFacts): readonly Check[] => {
  const { books, payments } = facts;
  return [
    noOrderTwice(facts),
    outboxHasAll(facts),
    topicHasAll(facts),
    historyHasAll(facts),
    facts.platform === undefined ? everyPaymentIsProcessed(facts) : platformHasAll(facts, facts.platform),
    ...[facts.historyGroup, facts.externalGroup].flatMap(({ id, letters }) => {
      if (letters === undefined) return [];
      const { claim, ...rest } = retriesStandForLetters(letters);
      return [{ ...rest, claim: `${claim} of ${id}` }];
    }),
    booksCheck("an order is paid where there is a payment of it", payments.size, books.ordersOff),
    booksCheck("stock = what is left + what paid orders have, to the unit", payments.size, books.optionsOff),
    booksCheck("deposits = balances + what was paid, to the won", payments.size, books.balancesOff),
    booksCheck("coupons are used where a paid order has them, once", payments.size, books.couponsOff),
    booksCheck("what was paid is what it costs, less its coupons", payments.size, books.amountsOff),
  ];
};

const booksCheck = (claim: string, looked: number, off: readonly string[]): Check =>
  check(claim, looked, off.length === auditMaxIds ? [...off, "and maybe more"] : off);

const noOrderTwice = ({ payments }: PaymentFacts): Check => {
  const seen = new Set<string>();
  const broken = [...payments.values()].flatMap(({ orderId, paymentId }) => {
    if (seen.has(orderId)) return [`order ${orderId} is paid again by ${paymentId}`];
    seen.add(orderId);
    return [];
  });
  return check("no order is paid twice", payments.size, broken);
};

const outboxHasAll = ({ payments, outbox, outboxSince }: PaymentFacts): Check => {
  const missing = [...payments.values()].flatMap(({ paymentId, paidAt }) => {
    const rows = outbox.get(paymentId)?.rows ?? (paidAt < outboxSince ? 1 : 0);
    return rows === 1 ? [] : [`${paymentId} has ${rows} rows in the outbox`];
  });
  return check("outbox = payments", payments.size, [...missing, ...unknownIn("the outbox", outbox.keys(), payments)]);
};

/**
 * A payment is made before its record is stamped. So one whose record retention removed is older than every record that is
 * left in its partition; whether it was published cannot be known any more.
 */
const topicHasAll = ({ payments, outbox, published, topicSince }: PaymentFacts): Check => {
  const missing = [...payments.values()].filter(({ paymentId }) => !published.has(paymentId));
  const isPending = ({ paymentId }: Payment): boolean => outbox.get(paymentId)?.published === false;
  const gone = missing.filter((payment) => !isPending(payment));
  const lost = gone.filter(({ paidAt }) => paidAt >= topicSince);
  const wrong = [...published.values()].flatMap(({ payment, contradicted }) => {
    const { paymentId } = payment;
    if (contradicted) return [`${paymentId} is in the topic in two versions`];
    return differs(payments.get(paymentId), payment) ? [`${paymentId} has other contents in the topic`] : [];
  });
  const broken = [
    ...lost.map(({ paymentId }) => `${paymentId} is marked as published, and is not in the topic`),
    ...unknownIn("the topic", published.keys(), payments),
    ...wrong,
  ];
  const checked = check(
    "topic = payments, with the same contents",
    payments.size,
    broken,
    missing.length - gone.length,
  );
  return withOlder(checked, gone.length - lost.length);
};

const historyHasAll = (facts: PaymentFacts): Check => {
  const { payments, history, historyGroup } = facts;
  const { lost, pending } = missingFrom(facts, historyGroup, (id) => history.has(id));
  const broken = [
    ...lost.map((id) => `${id} is not in the history${deadLetterHint(historyGroup)}`),
    ...unknownIn("the history", history.keys(), payments),
    ...[...history.values()]
      .filter((row) => differs(payments.get(row.paymentId), row))
      .map(({ paymentId }) => `${paymentId} has other contents in the history`),
  ];
  return check("history = payments, with the same contents", payments.size, broken, pending);
};

const platformHasAll = (facts: PaymentFacts, platform: ReadonlyMap<PaymentId, number>): Check => {
  const { payments, externalGroup } = facts;
  const { lost, pending } = missingFrom(facts, externalGroup, (id) => platform.has(id));
  const broken = [
    ...lost.map((id) => `${id} was not delivered${deadLetterHint(externalGroup)}`),
    ...unknownIn("the platform", platform.keys(), payments),
    ...[...platform].filter(([, effects]) => effects !== 1).map(([id, effects]) => `${id} had ${effects} effects`),
  ];
  return check("platform = payments, with one effect each", payments.size, broken, pending);
};

/** Payments from the committed offset on are pending, and dead letters; only the platform knows about the others. */
const everyPaymentIsProcessed = ({ published, externalGroup: { committed, letters } }: PaymentFacts): Check => {
  const behind = [...published].filter(
    ([id, { partition, offset }]) =>
      offset >= (committed[partition] ?? 0n) || (letters?.waiting.has(id) === true && !letters.discarded.has(id)),
  );
  return check("external-data has processed every payment of the topic", published.size, [], behind.length);
};

/** Payments that are missing downstream; those that the group has not processed, or that are not published yet, are pending. */
const missingFrom = (
  { payments, outbox, published }: PaymentFacts,
  { committed, letters }: DownstreamGroup,
  has: (id: PaymentId) => boolean,
): { readonly lost: readonly PaymentId[]; readonly pending: number } => {
  // What somebody discarded is missing on purpose.
  const missing = [...payments.keys()].filter((id) => !has(id) && letters?.discarded.has(id) !== true);
  const isUnprocessed = isBehind(committed, () => [...published].flatMap(([id, one]) => (has(id) ? [one] : [])));
  const isPending = (id: PaymentId): boolean => {
    if (letters?.waiting.has(id) === true) return true;
    const at = published.get(id);
    return at === undefined ? outbox.get(id)?.published === false : isUnprocessed(at);
  };
  const lost = missing.filter((id) => !isPending(id));
  return { lost, pending: missing.length - lost.length };
};

const deadLetterHint = ({ deadLetters }: DownstreamGroup): string => (deadLetters > 0 ? " (dead-lettered?)" : "");

const unknownIn = (where: string, ids: Iterable<PaymentId>, payments: PaymentFacts["payments"]): readonly string[] =>
  [...ids].filter((id) => !payments.has(id)).map((id) => `${id} is in ${where}, and there is no such payment`);

/** A payment that does not exist is reported by another check. */
const differs = (payment: Payment | undefined, copy: Payment): boolean =>
  payment !== undefined &&
  (payment.orderId !== copy.orderId ||
    payment.userId !== copy.userId ||
    payment.amount !== copy.amount ||
    payment.discount !== copy.discount ||
    payment.paidAt !== copy.paidAt);
