/** Sends every payment to the external data platform, however long that is away. */
import { type PaymentCompleted, paymentsCompleted } from "../schemas/payment.ts";
import { dataPlatform, type PaymentDocument } from "../sinks/data-platform.ts";
import { defineTopology, from } from "../engine/flow/dsl.ts";

/** From a payment to the platform. A group of its own: while the platform is away the topic holds the work. */
export const externalData = defineTopology(
  "external-data",
  from(paymentsCompleted, (payments) => payments.to(dataPlatform, toPaymentDocument)),
);

/** The same bytes at every attempt: the platform refuses a key that comes back with another document. */
function toPaymentDocument(payment: PaymentCompleted): PaymentDocument {
  const { paymentId, orderId, userId, amount, discount, paidAt } = payment;
  return {
    type: "payment-completed",
    version: 1,
    paymentId,
    orderId,
    userId,
    amount,
    discount,
    currency: "KRW",
    paidAt: new Date(paidAt).toISOString(),
  };
}
