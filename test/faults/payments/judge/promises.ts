/** What clients were answered, held against the payments there are: "paid" is a promise, and so is a refusal. Pure. */
import type { PaymentFacts } from "../../../../ops/verify/payments/payment-facts.ts";
import type { OrderId, PaymentId } from "../../../../schemas/payment.ts";
import type { AttemptReply } from "../clients.ts";

/** Promises that were not kept; all are to be 0. */
export interface BrokenPromises {
  /** Answered a payment that is not there, or is another order's. */
  readonly answeredNotPaid: number;
  /** Orders that are paid although all who asked for them were refused, or none asked. */
  readonly paidNotAnswered: number;
  /** Orders with two payments, there or answered. */
  readonly paidTwice: number;
  /** Clients without an answer, however often they asked. */
  readonly unanswered: number;
  readonly examples: readonly string[];
}

/** Compares. `payments` are those of the users of these clients. */
export const brokenPromises = (
  replies: readonly Pick<AttemptReply, "attempt" | "reply">[],
  payments: PaymentFacts["payments"],
): BrokenPromises => {
  const paymentsOf = Map.groupBy([...payments.values()], ({ orderId }) => orderId);
  const byOrder = Map.groupBy(replies, ({ attempt }) => attempt.orderId);
  const answeredNotPaid: string[] = [];
  const paidTwice: string[] = [];
  const unanswered: string[] = [];
  const mayBePaid = new Set<OrderId>();
  for (const [orderId, all] of byOrder) {
    const ids = new Set((paymentsOf.get(orderId) ?? []).map(({ paymentId }) => paymentId));
    for (const { attempt, reply: one } of all) {
      if (one.kind !== "refused") mayBePaid.add(orderId);
      if (one.kind === "unanswered") unanswered.push(`${orderId}: ${attempt.key} was not answered`);
      if (one.kind !== "paid") continue;
      // What an API answered; the map says whether it is one of ours.
      const paymentId = one.paymentId as PaymentId;
      if (payments.get(paymentId)?.orderId !== orderId) answeredNotPaid.push(`${orderId}: answered ${paymentId}`);
      ids.add(paymentId);
    }
    if (ids.size > 1) paidTwice.push(`${orderId}: paid by ${[...ids].join(" and ")}`);
  }
  const paidNotAnswered = [...paymentsOf.keys()].filter((orderId) => !mayBePaid.has(orderId));
  return {
    answeredNotPaid: answeredNotPaid.length,
    paidNotAnswered: paidNotAnswered.length,
    paidTwice: paidTwice.length,
    unanswered: unanswered.length,
    examples: [
      ...answeredNotPaid.slice(0, 2).map((what) => `${what}, which is not there`),
      ...paidNotAnswered.slice(0, 2).map((orderId) => `${orderId} is paid, and all who asked were refused`),
      ...paidTwice.slice(0, 2),
      ...unanswered.slice(0, 2),
    ],
  };
};
