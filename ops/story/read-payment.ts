/** Reads what is known of one order and its payment: rows by index, its record near the moment it was paid. */
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { type OrderId, type PaymentCompleted, type PaymentId, paymentsCompleted } from "../../schemas/payment.ts";
import { type PaymentRows, paymentRows } from "../../stores/mysql/story/payment-rows.ts";
import { externalData } from "../../topology/external-data.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import { findRecord } from "./find-record.ts";
import { committedOf } from "./committed.ts";
import { lettersOf } from "./letters.ts";
import type { PaymentFacts, Reader } from "./payment.ts";
import type { StoryPorts } from "./ports.ts";
import { clockSlackMs, type Found, originOf, type Searched } from "./search.ts";
import type { Story } from "./story.ts";

/** What is asked about. */
export type PaymentSubject = Story["subject"] & { readonly kind: "payment" | "order" };

/** Reads, by payment or by order; undefined where there is neither. What but the database is away is left
 * out and remembered. @throws Unavailable */
export const readPayment = async (ports: StoryPorts, subject: PaymentSubject): Promise<PaymentFacts | undefined> => {
  const rows = paymentRows(ports.database);
  // An id may be of something else, which costs a look into an index and no more.
  if ((await subjectRow(rows, subject)) === undefined) return undefined;
  // What the groups had passed by then is in everything that is read after it.
  const [historyOffsets, externalOffsets] = await Promise.all([
    committedOf(ports, transactionHistory.graph.name, paymentsCompleted.name),
    committedOf(ports, externalData.graph.name, paymentsCompleted.name),
  ]);
  const { id } = subject;
  const payment = await (subject.kind === "payment" ? rows.payment(id as PaymentId) : rows.paymentOf(id as OrderId));
  const orderId = payment?.orderId ?? (subject.kind === "order" ? (id as OrderId) : undefined);
  const order = orderId === undefined ? undefined : await rows.order(orderId);
  if (orderId === undefined || (payment === undefined && order === undefined)) return undefined;
  const [coupons, outbox, history, record] = await Promise.all([
    rows.couponsOf(orderId),
    payment === undefined ? [] : rows.outbox(payment),
    payment === undefined ? undefined : rows.history(payment.paymentId),
    payment === undefined ? unpaid : recordOf(ports, payment),
  ]);
  const [historyReader, externalReader] = await Promise.all([
    readerOf(ports, transactionHistory.graph.name, historyOffsets, record.found),
    readerOf(ports, externalData.graph.name, externalOffsets, record.found),
  ]);
  return {
    ...{ subject, now: ports.now(), orderId, order, coupons, payment, outbox, outboxKeptMs: ports.outboxKeptMs },
    ...{ record, history, historyReader, externalReader },
  };
};

/** The subject's kind says whose id it is. */
const subjectRow = async (rows: PaymentRows, { kind, id }: PaymentSubject): Promise<unknown> =>
  kind === "payment"
    ? rows.payment(id as PaymentId)
    : ((await rows.order(id as OrderId)) ?? rows.paymentOf(id as OrderId));

const unpaid: Searched<PaymentCompleted> = { isWhole: true };

const recordOf = (
  ports: StoryPorts,
  { paymentId, orderId, paidAt }: PaymentCompleted,
): Promise<Searched<PaymentCompleted>> => {
  const partition = partitionOfKey(Buffer.from(orderId), paymentsCompleted.partitions);
  const range = { fromMs: paidAt - clockSlackMs, partition };
  const sorted = { at: paidAt, timeOf: (value: PaymentCompleted) => value.paidAt };
  return findRecord(ports, paymentsCompleted, paymentId, range, (value) => value.paymentId, sorted);
};

const readerOf = async (
  ports: StoryPorts,
  topology: string,
  offsets: readonly (bigint | undefined)[],
  found: Found<PaymentCompleted> | undefined,
): Promise<Reader> => {
  if (found === undefined) return { topology, committed: undefined, letters: undefined };
  const letters = await lettersOf(ports, topology, originOf(paymentsCompleted.name, found));
  return { topology, committed: offsets[found.partition], letters };
};
