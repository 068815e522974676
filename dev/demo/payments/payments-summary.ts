/** What paying came to, in numbers, and how that is shown. */
import { count, formatTable } from "../../../engine/app/cli.ts";
import type { Outage } from "./outage.ts";
import type { AnsweredCase, PayAnswer } from "./payer.ts";
import { quantile } from "../summary.ts";

/** Milliseconds from when a request was due to its answer. */
export interface PayLatency {
  readonly answers: number;
  readonly p50: number;
  readonly p99: number;
}

/** The numbers of paying. */
export interface PaymentsSummary {
  readonly orders: number;
  readonly attempts: number;
  /** Payments that a client was answered. */
  readonly paid: number;
  /** Answers with a payment once more. */
  readonly repeated: number;
  /** By the problem's type. */
  readonly refused: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** Requests beyond one an attempt: asked again after a 5xx or a lost answer. */
  readonly askedAgain: number;
  readonly seconds: number;
  readonly latencyMs: { readonly platformUp: PayLatency; readonly platformDown: PayLatency };
  readonly outage: {
    readonly seconds: number;
    /** Payments that waited when the platform came back, and how long until it had them. */
    readonly waiting: number;
    readonly caughtUpSeconds: number;
  };
}

/** Adds up; `outage` is on the clock of the answers. */
export const summarisePayments = (answered: readonly AnsweredCase[], outage: Outage): PaymentsSummary => {
  const answers = answered.flatMap((one) => one.answers);
  const isDown = ({ dueAtMs }: PayAnswer): boolean => dueAtMs >= outage.fromMs && dueAtMs < outage.untilMs;
  const replies = answers.map((one) => one.reply);
  const ids = replies.flatMap((one) => (one.kind === "paid" ? [one.paymentId] : []));
  const refused = replies.flatMap((one) => (one.kind === "refused" ? [one.problem] : []));
  const paid = new Set(ids).size;
  return {
    orders: new Set(answers.map(({ attempt }) => attempt.orderId)).size,
    attempts: answers.length,
    paid,
    repeated: ids.length - paid,
    refused: Object.fromEntries(
      [...Map.groupBy(refused, (problem) => problem)].map(([p, all]) => [p, all.length]).sort(),
    ),
    unanswered: replies.filter(({ kind }) => kind === "unanswered").length,
    askedAgain: answers.reduce((sum, { requests }) => sum + requests - 1, 0),
    seconds: hundredths(spanOf(answers)),
    latencyMs: {
      platformUp: latencyOf(answers.filter((one) => !isDown(one))),
      platformDown: latencyOf(answers.filter(isDown)),
    },
    outage: {
      seconds: hundredths(outage.untilMs - outage.fromMs),
      waiting: outage.waiting,
      caughtUpSeconds: hundredths(outage.caughtUpMs),
    },
  };
};

const hundredths = (ms: number): number => Math.round(ms / 10) / 100;

const spanOf = (answers: readonly PayAnswer[]): number => {
  const from = answers.reduce((least, { dueAtMs }) => Math.min(least, dueAtMs), Number.POSITIVE_INFINITY);
  return answers.reduce((most, { dueAtMs, latencyMs }) => Math.max(most, dueAtMs + latencyMs - from), 0);
};

const latencyOf = (answers: readonly PayAnswer[]): PayLatency => {
  const sorted = answers.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  return { answers: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
};

/** The summary as a table for people. */
export const showPaymentsSummary = (s: PaymentsSummary): string =>
  formatTable(
    ["payments", ""],
    [
      ["orders", count(s.orders)],
      ["requests to pay", count(s.attempts)],
      ["paid", count(s.paid)],
      ["answered again with the same payment", count(s.repeated)],
      ...Object.entries(s.refused).map(([problem, n]) => [`refused ${problem}`, count(n)]),
      ...(s.askedAgain > 0 ? [["asked again, with the same key", count(s.askedAgain)]] : []),
      ...(s.unanswered > 0 ? [["unanswered", count(s.unanswered)]] : []),
      ["request to answer, platform up, p50 / p99", latencyText(s.latencyMs.platformUp)],
      ["request to answer, platform down, p50 / p99", latencyText(s.latencyMs.platformDown)],
      ["the platform was down for", `${s.outage.seconds} s`],
      ["payments that waited for it", count(s.outage.waiting)],
      ["it had them all after", `${s.outage.caughtUpSeconds} s`],
    ],
    { right: [""] },
  );

const latencyText = ({ p50, p99 }: PayLatency): string => `${p50} / ${p99} ms`;
