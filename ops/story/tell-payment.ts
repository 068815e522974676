/** The story of one order and its payment, and what in it cannot be. Pure. */
import { isDeepStrictEqual } from "node:util";
import { count } from "../../engine/app/cli.ts";
import { type PaymentCompleted, paymentsCompleted } from "../../schemas/payment.ts";
import { isSetAside, letterMoments, pendingLetters } from "./letters.ts";
import type { PaymentFacts, Reader } from "./payment.ts";
import { inOrder, type Moment, type Story } from "./story.ts";

/** Tells it. */
export const tellPayment = (facts: PaymentFacts): Story => ({
  subject: facts.subject,
  moments: inOrder([
    ...ofOrder(facts),
    ...ofPayment(facts),
    ...published(facts),
    ...followed(facts),
    ...[facts.historyReader, facts.externalReader].flatMap(({ letters }) =>
      letters === undefined ? [] : letterMoments(letters),
    ),
  ]),
  contradictions: contradictionsOf(facts),
  pending: pendingOf(facts),
  unknown: unknownOf(facts),
});

const ofOrder = ({ orderId, order, coupons }: PaymentFacts): readonly Moment[] => {
  if (order === undefined) return [];
  const used = coupons.length === 0 ? "" : `, with ${coupons.length} coupon(s): ${coupons.join(", ")}`;
  const text = `order ${orderId} of ${order.userId}, ${order.isPaid ? "paid" : "before payment"}${used}`;
  return [{ what: "order", text, from: "tables customer_order, order_coupon" }];
};

const ofPayment = ({ payment }: PaymentFacts): readonly Moment[] => {
  if (payment === undefined) return [];
  const { paymentId, amount, discount, paidAt, userId } = payment;
  const text = `${paymentId}: ${userId} pays ${count(amount)} won, ${count(discount)} taken off`;
  return [{ at: paidAt, what: "paid", text, from: "table payment" }];
};

const published = ({ outbox, record: { found } }: PaymentFacts): readonly Moment[] => [
  ...outbox.map(({ outboxNo, publishedAt }): Moment => {
    const from = "table outbox";
    if (publishedAt === null) return { what: "outbox", text: `row ${outboxNo} waits to be published`, from };
    return { at: publishedAt, what: "outbox", text: `row ${outboxNo} is published`, from };
  }),
  ...(found === undefined
    ? []
    : [
        {
          at: found.at,
          what: "published",
          text: "the payment is in its topic",
          from: `${paymentsCompleted.name}/${found.partition}/${found.offset}`,
        },
      ]),
];

const followed = (facts: PaymentFacts): readonly Moment[] => {
  const { history, externalReader } = facts;
  const isDelivered = isPassed(facts, externalReader) && !isAside(externalReader);
  return [
    ...(history === undefined ? [] : [{ what: "history", text: "remembered", from: "table transaction_history" }]),
    ...(isDelivered
      ? [
          {
            what: "delivered",
            text: "the platform has taken it; how many attempts that took is in the worker's log alone",
            from: `offsets of ${externalReader.topology}`,
          },
        ]
      : []),
  ];
};

const isPassed = ({ record: { found } }: PaymentFacts, { committed }: Reader): boolean =>
  found !== undefined && committed !== undefined && committed > found.offset;
const isAside = ({ letters }: Reader): boolean => letters !== undefined && isSetAside(letters);
const isWhole = ({ letters }: Reader): boolean => letters?.isWhole === true;

const contradictionsOf = (facts: PaymentFacts): readonly string[] => {
  const { order, orderId, payment, outbox, record, history, historyReader } = facts;
  if (payment === undefined) return order?.isPaid === true ? ["the order is paid, and has no payment"] : [];
  return [
    ...(order === undefined ? [`its order ${orderId} is unknown`] : []),
    ...(order !== undefined && !order.isPaid ? ["it is paid, and its order is before payment"] : []),
    ...(order !== undefined && order.userId !== payment.userId
      ? [`${payment.userId} paid an order of ${order.userId}`]
      : []),
    ...(outbox.length > 1 ? [`the outbox has ${outbox.length} rows of it`] : []),
    ...(outbox.some(({ publishedAt }) => publishedAt !== null) && record.found === undefined && record.isWhole
      ? ["its row is published, and its topic has no record of it"]
      : []),
    ...differing("its record", record.found?.value, payment),
    ...differing("its history", history, payment),
    ...(isPassed(facts, historyReader) && history === undefined && isWhole(historyReader) && !isAside(historyReader)
      ? [`${historyReader.topology} has passed it, and there is no row and no dead letter`]
      : []),
  ];
};

const differing = (what: string, found: PaymentCompleted | undefined, payment: PaymentCompleted): readonly string[] =>
  found === undefined || isDeepStrictEqual({ ...found }, { ...payment }) ? [] : [`${what} says otherwise than its row`];

const pendingOf = (facts: PaymentFacts): readonly string[] => {
  const { payment, outbox, record, history, historyReader, externalReader } = facts;
  if (payment === undefined) return ["it is not paid yet"];
  const letters = [historyReader, externalReader].flatMap((reader) =>
    reader.letters === undefined ? [] : pendingLetters(reader.letters),
  );
  if (outbox.some(({ publishedAt }) => publishedAt === null)) return ["it is not published yet", ...letters];
  if (record.found === undefined) return letters;
  const isRemembered = history !== undefined || isPassed(facts, historyReader);
  return [
    ...(isRemembered ? [] : [`${historyReader.topology} has not come to it yet`]),
    ...(isPassed(facts, externalReader) ? [] : [`${externalReader.topology} has not come to it yet`]),
    ...letters,
  ];
};

const unknownOf = ({ payment, now, outbox, outboxKeptMs, record, historyReader, externalReader }: PaymentFacts) => {
  if (payment === undefined) return [];
  const isPruned = now - payment.paidAt > outboxKeptMs;
  return [
    ...(outbox.length === 0
      ? [isPruned ? "its row of the outbox: it is deleted by now" : "its row of the outbox: not among those near it"]
      : []),
    ...(record.found === undefined && !record.isWhole
      ? [`its record: ${paymentsCompleted.name} has lost it, or more was written since than is looked at`]
      : []),
    ...[historyReader, externalReader].flatMap(({ topology, letters }) =>
      letters === undefined || letters.isWhole
        ? []
        : [`all of its dead letters of ${topology}: more was written since than is looked at`],
    ),
  ];
};
