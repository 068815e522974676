/** Answers to clients, and the transactions behind them: what must be true of them at the moment they are made. */
import { isDeepStrictEqual } from "node:util";
import { keyName } from "../../../../processors/payments/decide-payments.ts";
import type { Payment, PaymentAnswer, PaymentAsk } from "../../../../processors/payments/payment-ports.ts";
import type { OrderId, PaymentId } from "../../../../schemas/payment.ts";
import type { MemoryPayments } from "../../../../processors/memory/memory-payments.ts";
import { payOneByOne } from "../../../../processors/testing/pay-one-by-one.ts";
import type { Broke } from "../../story.ts";
import type { Request, Reply } from "../api.ts";
import type { PaymentClaim } from "./claims.ts";
import { orderName, paymentName, requestOf } from "../names.ts";
import type { Shop } from "../workload.ts";

/** Sees answers and transactions. */
export interface AnswerWatcher {
  /** Requests by their numbers, and what each was answered by a process of the API. */
  readonly replies: ReadonlyMap<number, Reply>;
  readonly answered: (request: Request, reply: Reply) => void;
  /** A process knows what these came to. */
  readonly heard: (asks: readonly PaymentAsk[]) => void;
  readonly overdue: (request: Request, who: string) => void;
  /** `before` is a copy of the state that was decided from; it is changed. */
  readonly decided: (asks: readonly PaymentAsk[], before: MemoryPayments, answers: readonly PaymentAnswer[]) => void;
  readonly committed: (outboxNos: readonly number[]) => void;
  readonly toppedUp: (userId: string) => void;
}

/** What it looks at. */
export interface AnswerOptions {
  readonly shop: Shop;
  readonly state: () => MemoryPayments;
  readonly turns: () => number;
  readonly broke: Broke<PaymentClaim>;
  readonly count: (what: string) => void;
}

/** A watcher of a world in which nothing was asked yet. */
export const watchAnswers = (options: AnswerOptions): AnswerWatcher => {
  const { turns, broke, count } = options;
  const memory = remember();
  const { replies, knownAt } = memory;
  return {
    replies,
    heard: (asks) => {
      for (const { paymentId } of asks) knownAt.set(requestOf(paymentId), turns());
    },
    answered: (request, answer) => {
      count(`answers ${wordOf(answer)}`);
      replies.set(request.number, answer);
      const about = [orderName(request.wish.orderId)];
      if (answer.kind === "paid" || answer.kind === "repeat") paid(request, answer, { ...options, memory });
      else if (answer.kind === "problem") notAnswered(request, answer.problem, { ...options, memory });
      else refused(request, answer.kind, { ...options, memory });
      checkMaker(memory, request.number, (what) => broke("what was answered as not paid is not paid", what, about));
    },
    overdue: ({ number, wish }, who) =>
      broke("every request is answered by its deadline", `${who} has not answered #${number}`, [
        orderName(wish.orderId),
      ]),
    decided: (asks, before, answers) => {
      for (const [at, expected] of payOneByOne(before, asks).entries()) {
        const [ask, answer] = [asks[at], answers[at]];
        if (ask === undefined || answer === undefined || isDeepStrictEqual(answer, expected)) continue;
        const text = (each: PaymentAnswer) => JSON.stringify(each);
        const what = `${orderName(ask.orderId)} for ${ask.key} is ${text(answer)}, one by one it would be ${text(expected)}`;
        broke("what is decided is what a naive loop decides", what, [orderName(ask.orderId)]);
      }
    },
    committed: (outboxNos) => {
      for (const outboxNo of outboxNos) {
        const payment = options.state().outbox.get(outboxNo)?.payment;
        if (payment !== undefined) checkMade(payment, { ...options, memory });
      }
    },
    toppedUp: (userId) => {
      count("top-ups");
      memory.toppedUp.add(userId);
    },
  };
};

/** What was answered and made so far. */
interface Memory {
  readonly replies: Map<number, Reply>;
  /** What was paid with each key, as it was answered. */
  readonly paidBy: Map<string, Payment>;
  /** Orders that were answered as not payable, and why: nothing but more money changes that. */
  readonly refused: Map<OrderId, string>;
  readonly ordersPaid: Map<OrderId, PaymentId>;
  /** Payments by the requests that made them. */
  readonly madeBy: Map<number, PaymentId>;
  readonly toppedUp: Set<string>;
  /** When the process that was asked knew the answer, by request, in turns. */
  readonly knownAt: Map<number, number>;
}

const remember = (): Memory => ({
  replies: new Map(),
  paidBy: new Map(),
  refused: new Map(),
  ordersPaid: new Map(),
  madeBy: new Map(),
  toppedUp: new Set(),
  knownAt: new Map(),
});

type Looking = AnswerOptions & { readonly memory: Memory };

const nameOf = ({ number, wish }: Request) => ({
  about: [orderName(wish.orderId)],
  key: `${keyName(wish)} ${wish.orderId}`,
  who: `#${number}`,
});

/** A client is answered a payment. */
const paid = (
  request: Request,
  { kind, payment }: { readonly kind: "paid" | "repeat"; readonly payment: Payment },
  { state, broke, memory: { paidBy } }: Looking,
): void => {
  const { about, key, who } = nameOf(request);
  const { number, wish } = request;
  const name = `${who} was answered ${kind} ${paymentName(payment.paymentId)}`;
  const lie = lieOf(payment, state());
  if (lie !== undefined) broke("what is answered is what is stored", `${name}, and ${lie}`, about);
  if (payment.orderId !== wish.orderId || payment.userId !== wish.userId)
    broke("what is answered is what is stored", `${name}, which paid ${orderName(payment.orderId)}`, about);
  const isOwn = requestOf(payment.paymentId) === number;
  if (isOwn && kind === "repeat") broke("a payment is answered as such, and so is a repeat", `${name}, its own`, about);
  const before = paidBy.get(key);
  if (before !== undefined && textOf(before) !== textOf(payment))
    broke("two answers to one key never differ", `${name}, before it was ${paymentName(before.paymentId)}`, about);
  paidBy.set(key, payment);
};

/** A client is answered why its order is not paid. */
const refused = (request: Request, kind: string, { shop, broke, memory }: Looking): void => {
  const { about, key, who } = nameOf(request);
  const { orderId } = request.wish;
  if (memory.paidBy.has(key))
    broke("two answers to one key never differ", `${who} was answered ${kind}, before it was paid`, about);
  const isPaid = memory.ordersPaid.has(orderId);
  const saysPaid = kind === "orderNotPayable" && shop.orders.get(orderId)?.items.length !== 0;
  if (saysPaid && !isPaid)
    broke("what is answered is what is stored", `${who} was answered that it is paid already`, about);
  const isFinal = kind !== "mismatch" && kind !== "orderNotFound";
  if (isFinal && !isPaid) memory.refused.set(orderId, kind);
};

const expectedProblems: ReadonlySet<string> = new Set(["unavailable", "overloaded", "outcome-unknown"]);

/** A client is answered that the outcome is not known. */
const notAnswered = (request: Request, problem: string, { turns, broke, memory }: Looking): void => {
  const { about, who } = nameOf(request);
  // A process that thaws may hear of the answer and of its deadline at once.
  if (turns() > (memory.knownAt.get(request.number) ?? Number.POSITIVE_INFINITY))
    broke("what is known is answered", `${who} was answered ${problem}`, about);
  if (!expectedProblems.has(problem))
    broke("every request is answered by its deadline", `${who} was answered ${problem}`, about);
};

/** A payment is committed. */
const checkMade = (payment: Payment, { broke, count, memory }: Looking): void => {
  count("payments");
  const about = [orderName(payment.orderId)];
  const name = paymentName(payment.paymentId);
  const other = memory.ordersPaid.get(payment.orderId);
  if (other !== undefined) broke("an order is paid at most once", `by ${paymentName(other)} and ${name}`, about);
  memory.ordersPaid.set(payment.orderId, payment.paymentId);
  const why = memory.refused.get(payment.orderId);
  if (why !== undefined && !memory.toppedUp.has(payment.userId))
    broke("a refusal remains", `${name} pays what was refused as ${why}`, about);
  const number = requestOf(payment.paymentId);
  memory.madeBy.set(number, payment.paymentId);
  checkMaker(memory, number, (what) => broke("what was answered as not paid is not paid", what, about));
};

const checkMaker = ({ madeBy, replies }: Memory, number: number, lied: (what: string) => void): void => {
  const [made, answer] = [madeBy.get(number), replies.get(number)];
  if (made === undefined || answer === undefined || mayPay(answer)) return;
  lied(`${paymentName(made)} was ${wordOf(answer)}`);
};

/** Whether the answer to a request leaves open that its payment is made. */
const mayPay = (reply: Reply): boolean =>
  reply.kind === "paid" || (reply.kind === "problem" && reply.problem === "outcome-unknown");

const wordOf = (reply: Reply): string => (reply.kind === "problem" ? reply.problem : reply.kind);

const textOf = (payment: Payment): string => JSON.stringify(Object.entries(payment).toSorted());

/** What is wrong with a payment that was answered; undefined where it is stored. */
export const lieOf = (payment: Payment, { payments }: MemoryPayments): string | undefined => {
  const stored = payments.get(payment.paymentId);
  if (stored === undefined) return "it is not stored";
  return textOf(stored) === textOf(payment) ? undefined : "it is stored with other sums";
};
