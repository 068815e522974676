/** The outbox of payments: each payment that is durable becomes one record of its topic. */
import { defineOutbox } from "../engine/outbox/define-outbox.ts";
import type { Payment } from "../processors/payments/payment-ports.ts";
import { paymentsCompleted, type PaymentCompleted } from "../schemas/payment.ts";

/** A payment as its record has it. */
export const toPaymentCompleted = (payment: Payment): PaymentCompleted => payment;

/** What the relay publishes. */
export const paymentOutbox = defineOutbox({ name: "payments", topic: paymentsCompleted, project: toPaymentCompleted });
