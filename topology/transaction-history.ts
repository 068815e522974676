/** Remembers every payment: one row each, whatever is delivered twice. */
import { type PaymentCompleted, paymentsCompleted } from "../schemas/payment.ts";
import { type HistoryRow, transactionHistory as history } from "../sinks/transaction-history.ts";
import { defineTopology, from } from "../engine/flow/dsl.ts";

/** From a payment to its row. A payment that says something else than its row does is dead-lettered. */
export const transactionHistory = defineTopology(
  "transaction-history",
  from(paymentsCompleted, (payments) => payments.to(history, toHistoryRow)),
);

function toHistoryRow(payment: PaymentCompleted): HistoryRow {
  return payment;
}
