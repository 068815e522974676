/** What was answered to clients (answers.ts) and published, and what must be true at that moment. */
import type { OutboxRow } from "../../../../engine/outbox/outbox.ts";
import type { Payment } from "../../../../processors/payments/payment-ports.ts";
import { partitionOfKey } from "../../../../engine/log/producer/partitioner.ts";
import { deadLetterPrefix } from "../../../../engine/worker/round/letter-headers.ts";
import type { NewRecord, TopicPartition } from "../../../../engine/log/log.ts";
import type { Codec } from "../../../../engine/avro/codec.ts";
import { type PaymentId, paymentsCompleted } from "../../../../schemas/payment.ts";
import { type AnswerOptions, type AnswerWatcher, lieOf, watchAnswers } from "./answers.ts";
import { orderName, paymentName } from "../names.ts";

/** A record of the topic; undefined where its bytes are no payment. */
export interface Published {
  readonly payment: Payment | undefined;
}

/** A record that a topology gave up on. */
export interface DeadLetter {
  readonly topology: string;
  readonly place: string;
  readonly code: string;
}

/** What happened, to look at when everything is at rest. */
export interface Witness extends AnswerWatcher {
  /** By `partition/offset`. */
  readonly published: ReadonlyMap<string, Published>;
  readonly publishedIds: ReadonlySet<PaymentId>;
  readonly dead: readonly DeadLetter[];
  readonly counts: Record<string, number>;
  readonly appended: (to: TopicPartition, firstOffset: bigint, records: readonly NewRecord[]) => void;
  readonly marking: (who: string, rows: readonly OutboxRow<Payment>[], leads: boolean) => void;
  readonly pruned: (outboxNos: readonly number[]) => void;
  readonly led: (who: string) => void;
}

/** What a witness looks at. */
export interface WitnessOptions extends Omit<AnswerOptions, "count"> {
  readonly codec: Codec;
}

/** A witness of a world in which nothing has happened yet. */
export const createPaymentWitness = (options: WitnessOptions): Witness => {
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const log = watchTopic(options, count);
  return { ...watchAnswers({ ...options, count }), ...log, ...watchOutbox(options, log, count), counts };
};

type Counted = (what: string) => void;

/** What is published. */
const watchTopic = ({ codec, state, broke }: WitnessOptions, count: Counted) => {
  const published = new Map<string, Published>();
  const publishedIds = new Set<PaymentId>();
  const dead: DeadLetter[] = [];
  const { decode } = codec.decoder(paymentsCompleted);
  const numberOf = (payment: Payment): number =>
    [...state().outbox].find(([, row]) => row.payment.paymentId === payment.paymentId)?.[0] ?? 0;
  const hear = (
    { topic, partition }: TopicPartition,
    { key, value, headers = {} }: NewRecord,
    offset: bigint,
  ): void => {
    if (topic !== paymentsCompleted.name) {
      const header = (name: string): string => String(headers[deadLetterPrefix + name]);
      dead.push({
        topology: topic.slice(0, -".dlq".length),
        place: `${header("partition")}/${header("offset")}`,
        code: header("code"),
      });
      return;
    }
    const decoded = decode(value);
    const payment = decoded.kind === "value" ? decoded.value : undefined;
    published.set(`${partition}/${offset}`, { payment });
    if (payment === undefined) return;
    count(publishedIds.has(payment.paymentId) ? "payments published again" : "payments published");
    publishedIds.add(payment.paymentId);
    const isThere = partitionOfKey(Buffer.from(payment.orderId), paymentsCompleted.partitions) === partition;
    if (!isThere || String(key) !== payment.orderId)
      broke("a payment is in the partition of its order", `${orderName(payment.orderId)} is in ${partition}`, [
        orderName(payment.orderId),
      ]);
    const lie = lieOf(payment, state());
    if (lie !== undefined)
      broke("only what is paid is published", `${paymentName(payment.paymentId)}: ${lie}`, [
        orderName(payment.orderId),
      ]);
  };
  return {
    ...{ published, publishedIds, dead },
    appended: (to: TopicPartition, firstOffset: bigint, records: readonly NewRecord[]): void => {
      for (const [at, record] of records.entries()) hear(to, record, firstOffset + BigInt(at));
      if (to.topic !== paymentsCompleted.name) return;
      const own = records.flatMap(
        (_, at) => published.get(`${to.partition}/${firstOffset + BigInt(at)}`)?.payment ?? [],
      );
      const numbers = own.map(numberOf).filter((outboxNo) => outboxNo > 0);
      const isInOrder = numbers.every((outboxNo, at) => outboxNo > (numbers[at - 1] ?? 0));
      if (!isInOrder) broke("rows are published in the order of their numbers", numbers.join(" "), []);
    },
  };
};

/** What relays do to the outbox. */
const watchOutbox = (
  { state, broke }: WitnessOptions,
  { publishedIds }: { readonly publishedIds: ReadonlySet<PaymentId> },
  count: Counted,
) => ({
  marking: (who: string, rows: readonly OutboxRow<Payment>[], leads: boolean): void => {
    const about = rows.map(({ value: payment }) => orderName(payment.orderId));
    if (!leads) broke("only the leader marks", `${who} marked ${about.join(" ")} without the lead`, about);
    const early = rows.filter(({ value: payment }) => !publishedIds.has(payment.paymentId));
    for (const { value: payment } of early)
      broke("a row is marked only when its record is in the log", `${who} marked ${orderName(payment.orderId)}`, [
        orderName(payment.orderId),
      ]);
  },
  pruned: (outboxNos: readonly number[]): void => {
    for (const _ of outboxNos) count("rows pruned");
    const ids = new Set([...state().outbox.values()].map(({ payment }) => payment.paymentId));
    for (const [paymentId, { orderId }] of state().payments)
      if (!ids.has(paymentId) && !publishedIds.has(paymentId))
        broke("only what is published is pruned", `${orderName(orderId)} was pruned`, [orderName(orderId)]);
  },
  led: (_who: string): void => count("leads taken"),
});
