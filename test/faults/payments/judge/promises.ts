/** What clients were told, held against the payments there are: "paid" is a promise, and so is a refusal. Pure. */
import type { Payment } from "../../../../processors/payments/payment-ports.ts";
import type { OrderId, PaymentId } from "../../../../schemas/payment.ts";
import type { Told } from "../clients.ts";

/** Promises that were not kept; all are to be 0. */
export interface BrokenPromises {
  /** Told of a payment that is not there, or is another order's. */
  readonly toldNotPaid: number;
  /** Orders that are paid although everybody who asked for them was refused, or nobody asked. */
  readonly paidNotTold: number;
  /** Orders with two payments, there or told of. */
  readonly paidTwice: number;
  /** Clients whom nobody answered, however often they asked. */
  readonly unanswered: number;
  readonly examples: readonly string[];
}

/** Compares. `payments` are those of the users of these clients. */
export const brokenPromises = (
  told: readonly Pick<Told, "attempt" | "told">[],
  payments: ReadonlyMap<PaymentId, Payment>,
): BrokenPromises => {
  const paymentsOf = Map.groupBy([...payments.values()], ({ orderId }) => orderId);
  const byOrder = Map.groupBy(told, ({ attempt }) => attempt.orderId);
  const toldNotPaid: string[] = [];
  const paidTwice: string[] = [];
  const unanswered: string[] = [];
  const mayBePaid = new Set<OrderId>();
  for (const [orderId, all] of byOrder) {
    const ids = new Set((paymentsOf.get(orderId) ?? []).map(({ paymentId }) => paymentId));
    for (const { attempt, told: one } of all) {
      if (one.kind !== "refused") mayBePaid.add(orderId);
      if (one.kind === "unanswered") unanswered.push(`${orderId}: ${attempt.key} was not answered`);
      if (one.kind !== "paid") continue;
      // What an API answered; the map says whether it is one of ours.
      const paymentId = one.paymentId as PaymentId;
      if (payments.get(paymentId)?.orderId !== orderId) toldNotPaid.push(`${orderId}: told ${paymentId}`);
      ids.add(paymentId);
    }
    if (ids.size > 1) paidTwice.push(`${orderId}: paid by ${[...ids].join(" and ")}`);
  }
  const paidNotTold = [...paymentsOf.keys()].filter((orderId) => !mayBePaid.has(orderId));
  return {
    toldNotPaid: toldNotPaid.length,
    paidNotTold: paidNotTold.length,
    paidTwice: paidTwice.length,
    unanswered: unanswered.length,
    examples: [
      ...toldNotPaid.slice(0, 2).map((what) => `${what}, which is not there`),
      ...paidNotTold.slice(0, 2).map((orderId) => `${orderId} is paid, and everybody was refused`),
      ...paidTwice.slice(0, 2),
      ...unanswered.slice(0, 2),
    ],
  };
};
