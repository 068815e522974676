/**
 * The claims of payments, checked against facts: paid once, in the outbox, published, in the history and delivered. Pure. As with
 * coupons, facts are looked at one by one.
 */
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import { auditMaxIds } from "../../../stores/mysql/payments/payment-audit.ts";
import type { Check } from "../../../engine/app/verify/verification.ts";
import { check, type Finding, withOlder } from "../claim.ts";
import type { DownstreamGroup, PaymentFacts, PublishedPayment } from "./payment-facts.ts";
import { PackedIds } from "../rows/packed-ids.ts";
import type { Rows } from "../rows/rows.ts";
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
  const seen = new PackedIds<OrderId>();
  const broken = function* (): Generator<string> {
    for (const { orderId, paymentId } of payments.values())
      if (seen.numberOf(orderId) === undefined) seen.add(orderId);
      else yield `order ${orderId} is paid again by ${paymentId}`;
  };
  return check("no order is paid twice", payments.size, broken());
};

const outboxHasAll = ({ payments, outbox, outboxSince }: PaymentFacts): Check => {
  const broken = function* (): Generator<string | Finding> {
    for (const { paymentId, paidAt } of payments.values()) {
      const rows = outbox.get(paymentId)?.rows ?? (paidAt < outboxSince ? 1 : 0);
      if (rows !== 1)
        yield {
          text: `${paymentId} has ${rows} rows in the outbox`,
          name: `${paymentId} has not one row in the outbox`,
        };
    }
    yield* unknownIn("the outbox", outbox.keys(), payments);
  };
  return check("outbox = payments", payments.size, broken());
};

/**
 * A payment is made before its record is stamped. So one whose record retention removed is older than every record that is
 * left in its partition; whether it was published cannot be known any more.
 */
const topicHasAll = ({ payments, outbox, published, topicSince }: PaymentFacts): Check => {
  let [pending, older] = [0, 0];
  const broken = function* (): Generator<string> {
    for (const { paymentId, paidAt } of payments.values()) {
      if (published.has(paymentId)) continue;
      if (outbox.get(paymentId)?.published === false) pending += 1;
      else if (paidAt < topicSince) older += 1;
      else yield `${paymentId} is marked as published, and is not in the topic`;
    }
    yield* unknownIn("the topic", published.keys(), payments);
    for (const { payment, contradicted } of published.values()) {
      const { paymentId } = payment;
      if (contradicted) yield `${paymentId} is in the topic in two versions`;
      else if (differs(payments.get(paymentId), payment)) yield `${paymentId} has other contents in the topic`;
    }
  };
  const checked = check("topic = payments, with the same contents", payments.size, broken());
  return withOlder({ ...checked, pending }, older);
};

const historyHasAll = (facts: PaymentFacts): Check => {
  const { payments, history, historyGroup } = facts;
  const { lost, pending } = missingFrom(facts, historyGroup, (id) => history.has(id));
  const broken = function* (): Generator<string | Finding> {
    for (const id of lost) yield withHint(`${id} is not in the history`, historyGroup);
    yield* unknownIn("the history", history.keys(), payments);
    for (const row of history.values())
      if (differs(payments.get(row.paymentId), row)) yield `${row.paymentId} has other contents in the history`;
  };
  return check("history = payments, with the same contents", payments.size, broken(), pending);
};

const platformHasAll = (facts: PaymentFacts, platform: Rows<PaymentId, number>): Check => {
  const { payments, externalGroup } = facts;
  const { lost, pending } = missingFrom(facts, externalGroup, (id) => platform.has(id));
  const broken = function* (): Generator<string | Finding> {
    for (const id of lost) yield withHint(`${id} was not delivered`, externalGroup);
    yield* unknownIn("the platform", platform.keys(), payments);
    for (const [id, effects] of platform)
      if (effects !== 1) yield { text: `${id} had ${effects} effects`, name: `${id} had not one effect` };
  };
  return check("platform = payments, with one effect each", payments.size, broken(), pending);
};

/** Payments from the committed offset on are pending, and dead letters; only the platform knows about the others. */
const everyPaymentIsProcessed = ({ published, externalGroup: { committed, letters } }: PaymentFacts): Check => {
  let behind = 0;
  for (const [id, { partition, offset }] of published)
    if (offset >= (committed[partition] ?? 0n) || (letters?.waiting.has(id) === true && !letters.discarded.has(id)))
      behind += 1;
  return check("external-data has processed every payment of the topic", published.size, [], behind);
};

/** Payments that are missing downstream; those that the group has not processed, or that are not published yet, are pending. */
const missingFrom = (
  { payments, outbox, published }: PaymentFacts,
  { committed, letters }: DownstreamGroup,
  has: (id: PaymentId) => boolean,
): { readonly lost: readonly PaymentId[]; readonly pending: number } => {
  const processed = function* (): Generator<PublishedPayment> {
    for (const [id, one] of published) if (has(id)) yield one;
  };
  const isUnprocessed = isBehind(committed, processed);
  const isPending = (id: PaymentId): boolean => {
    if (letters?.waiting.has(id) === true) return true;
    const at = published.get(id);
    return at === undefined ? outbox.get(id)?.published === false : isUnprocessed(at);
  };
  const lost: PaymentId[] = [];
  let pending = 0;
  for (const id of payments.keys()) {
    // What somebody discarded is missing on purpose.
    if (has(id) || letters?.discarded.has(id) === true) continue;
    if (isPending(id)) pending += 1;
    else lost.push(id);
  }
  return { lost, pending };
};

const withHint = (name: string, { deadLetters }: DownstreamGroup): Finding => ({
  text: `${name}${deadLetters > 0 ? " (dead-lettered?)" : ""}`,
  name,
});

const unknownIn = function* (
  where: string,
  ids: Iterable<PaymentId>,
  payments: PaymentFacts["payments"],
): Generator<string> {
  for (const id of ids) if (!payments.has(id)) yield `${id} is in ${where}, and there is no such payment`;
};

/** A payment that does not exist is reported by another check. */
const differs = (payment: Payment | undefined, copy: Payment): boolean =>
  payment !== undefined &&
  (payment.orderId !== copy.orderId ||
    payment.userId !== copy.userId ||
    payment.amount !== copy.amount ||
    payment.discount !== copy.discount ||
    payment.paidAt !== copy.paidAt);
