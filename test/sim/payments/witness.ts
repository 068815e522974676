/** What was told, to clients and to the log, and what must be true at the moment it is told. */
import { keyName, type KnownPayments } from "../../../processors/decide-payments.ts";
import type { OutboxRow, Payment, PaymentAnswer, PaymentAsk } from "../../../processors/payment-ports.ts";
import { partitionOfKey } from "../../../runtime/accumulator-partitioner.ts";
import { deadLetterPrefix } from "../../../runtime/dead-letter.ts";
import type { NewRecord, TopicPartition } from "../../../runtime/log.ts";
import type { Codec } from "../../../schemas/codec.ts";
import { type OrderId, type PaymentId, paymentsCompleted } from "../../../schemas/payment.ts";
import type { MemoryPayments } from "../../../topology/fakes/memory-payments.ts";
import type { Broke } from "../story.ts";
import type { Request, Told } from "./api.ts";
import type { PaymentClaim } from "./claims.ts";
import { orderName, paymentName, requestOf } from "./names.ts";
import { agrees, naively } from "./oracle.ts";
import type { Shop } from "./workload.ts";

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
export interface Witness {
  /** Requests by their numbers, and what each was told by a process of the API. */
  readonly told: ReadonlyMap<number, Told>;
  /** By `partition/offset`. */
  readonly published: ReadonlyMap<string, Published>;
  readonly publishedIds: ReadonlySet<PaymentId>;
  readonly dead: readonly DeadLetter[];
  readonly counts: Record<string, number>;
  readonly answered: (request: Request, told: Told) => void;
  /** A process knows what these came to. */
  readonly heard: (asks: readonly PaymentAsk[]) => void;
  readonly overdue: (request: Request, who: string) => void;
  readonly decided: (asks: readonly PaymentAsk[], known: KnownPayments, answers: readonly PaymentAnswer[]) => void;
  readonly committed: (outboxNos: readonly number[]) => void;
  readonly toppedUp: (userId: string) => void;
  readonly appended: (to: TopicPartition, firstOffset: bigint, records: readonly NewRecord[]) => void;
  readonly marking: (who: string, rows: readonly OutboxRow[], leads: boolean) => void;
  readonly pruned: (outboxNos: readonly number[]) => void;
  readonly led: (who: string) => void;
}

/** What a witness looks at. */
export interface WitnessOptions {
  readonly codec: Codec;
  readonly shop: Shop;
  readonly state: () => MemoryPayments;
  readonly turns: () => number;
  readonly broke: Broke<PaymentClaim>;
}

/** A witness of a world in which nothing has happened yet. */
export const createPaymentWitness = (options: WitnessOptions): Witness => {
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const log = watchTopic(options, count);
  return { ...watchAnswers(options, count), ...log, ...watchOutbox(options, log, count), counts };
};

type Counted = (what: string) => void;

/** Answers to clients, and the transactions behind them. */
const watchAnswers = ({ state, shop, broke, turns }: WitnessOptions, count: Counted) => {
  const told = new Map<number, Told>();
  /** What was paid with each key, as it was told. */
  const paidBy = new Map<string, Payment>();
  /** Orders that their owners were told cannot be paid, and why: nothing but more money changes that. */
  const refused = new Map<OrderId, string>();
  const ordersPaid = new Map<OrderId, PaymentId>();
  /** Payments by the requests that made them. */
  const madeBy = new Map<number, PaymentId>();
  const toppedUp = new Set<string>();
  /** When the process that was asked knew the answer, by request, in turns. */
  const knownAt = new Map<number, number>();
  const checkMaker = (number: number, about: readonly string[]): void => {
    const [made, answer] = [madeBy.get(number), told.get(number)];
    if (made !== undefined && answer !== undefined && !mayPay(answer))
      broke("who was told that nothing was paid has paid nothing", `${paymentName(made)} was ${wordOf(answer)}`, about);
  };

  const toldOfPayment = ({ number, wish }: Request, kind: "paid" | "repeat", payment: Payment): void => {
    const about = [orderName(wish.orderId)];
    const name = `#${number} was told ${kind} ${paymentName(payment.paymentId)}`;
    const lie = lieOf(payment, state());
    if (lie !== undefined) broke("what is told is what stands", `${name}, and ${lie}`, about);
    if (payment.orderId !== wish.orderId || payment.userId !== wish.userId)
      broke("what is told is what stands", `${name}, which paid ${orderName(payment.orderId)}`, about);
    const isOwn = requestOf(payment.paymentId) === number;
    if (isOwn && kind === "repeat") broke("who pays is told so, and who repeats too", `${name}, its own`, about);
    const key = `${keyName(wish)} ${wish.orderId}`;
    const before = paidBy.get(key);
    if (before !== undefined && textOf(before) !== textOf(payment))
      broke("two answers to one key never differ", `${name}, before it was ${paymentName(before.paymentId)}`, about);
    paidBy.set(key, payment);
  };
  const toldOfRefusal = ({ number, wish }: Request, kind: string): void => {
    const about = [orderName(wish.orderId)];
    if (paidBy.has(`${keyName(wish)} ${wish.orderId}`) && kind !== "problem")
      broke("two answers to one key never differ", `#${number} was told ${kind}, before it was paid`, about);
    const isPaid = ordersPaid.has(wish.orderId);
    const saysPaid = kind === "orderNotPayable" && shop.orders.get(wish.orderId)?.items.length !== 0;
    if (saysPaid && !isPaid) broke("what is told is what stands", `#${number} was told that it is paid already`, about);
    const isFinal = kind !== "problem" && kind !== "mismatch" && kind !== "orderNotFound";
    if (isFinal && !isPaid) refused.set(wish.orderId, kind);
  };
  return {
    told,
    heard: (asks: readonly PaymentAsk[]): void => {
      for (const { paymentId } of asks) knownAt.set(requestOf(paymentId), turns());
    },
    answered: (request: Request, answer: Told): void => {
      count(answer.kind === "problem" ? `answers ${answer.problem}` : `answers ${answer.kind}`);
      told.set(request.number, answer);
      if (answer.kind === "paid" || answer.kind === "repeat") toldOfPayment(request, answer.kind, answer.payment);
      else toldOfRefusal(request, answer.kind);
      checkMaker(request.number, [orderName(request.wish.orderId)]);
      // A process that thaws may hear of the answer and of its deadline at once.
      if (answer.kind === "problem" && turns() > (knownAt.get(request.number) ?? Number.POSITIVE_INFINITY))
        broke("what is known is told", `#${request.number} was told ${answer.problem}`, [
          orderName(request.wish.orderId),
        ]);
      if (answer.kind === "problem" && !expectedProblems.has(answer.problem))
        broke("every request is answered by its deadline", `#${request.number} was told ${answer.problem}`, []);
    },
    overdue: ({ number, wish }: Request, who: string): void =>
      broke("every request is answered by its deadline", `${who} has not answered #${number}`, [
        orderName(wish.orderId),
      ]),
    decided: (asks: readonly PaymentAsk[], known: KnownPayments, answers: readonly PaymentAnswer[]): void => {
      for (const [at, verdict] of naively(asks, known).entries()) {
        const [ask, answer] = [asks[at], answers[at]];
        if (ask === undefined || answer === undefined || agrees(answer, verdict)) continue;
        const what = `${orderName(ask.orderId)} for ${ask.key} is ${answer.kind}, one by one it would be ${verdict}`;
        broke("what is decided is what a naive loop decides", what, [orderName(ask.orderId)]);
      }
    },
    committed: (outboxNos: readonly number[]): void => {
      for (const outboxNo of outboxNos) {
        const payment = state().outbox.get(outboxNo)?.payment;
        if (payment === undefined) continue;
        count("payments");
        const about = [orderName(payment.orderId)];
        const name = paymentName(payment.paymentId);
        const other = ordersPaid.get(payment.orderId);
        if (other !== undefined) broke("an order is paid at most once", `by ${paymentName(other)} and ${name}`, about);
        ordersPaid.set(payment.orderId, payment.paymentId);
        const why = refused.get(payment.orderId);
        if (why !== undefined && !toppedUp.has(payment.userId))
          broke("a refusal stands", `${name} pays what was refused as ${why}`, about);
        const number = requestOf(payment.paymentId);
        madeBy.set(number, payment.paymentId);
        checkMaker(number, about);
      }
    },
    toppedUp: (userId: string): void => {
      count("top-ups");
      toppedUp.add(userId);
    },
  };
};

const expectedProblems: ReadonlySet<string> = new Set(["unavailable", "overloaded", "outcome-unknown"]);

/** Whether what a request was told leaves open that its payment is made. */
export const mayPay = (told: Told): boolean =>
  told.kind === "paid" || (told.kind === "problem" && told.problem === "outcome-unknown");

/** What a request was told, in a word. */
export const wordOf = (told: Told): string => (told.kind === "problem" ? told.problem : told.kind);

const textOf = (payment: Payment): string => JSON.stringify(Object.entries(payment).toSorted());

/** What is wrong with a payment that was told; undefined where it stands. */
export const lieOf = (payment: Payment, { payments }: MemoryPayments): string | undefined => {
  const standing = payments.get(payment.paymentId);
  if (standing === undefined) return "it does not stand";
  return textOf(standing) === textOf(payment) ? undefined : "it stands with other sums";
};

/** What the log is told. */
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
  marking: (who: string, rows: readonly OutboxRow[], leads: boolean): void => {
    const about = rows.map(({ payment }) => orderName(payment.orderId));
    if (!leads) broke("only the leader marks", `${who} marked ${about.join(" ")} without the lead`, about);
    const early = rows.filter(({ payment }) => !publishedIds.has(payment.paymentId));
    for (const { payment } of early)
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
