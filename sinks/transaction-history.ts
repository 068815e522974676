/** Where payments are remembered: one row each, for ever. */
import { defineStore } from "../engine/flow/store.ts";
import type { PaymentCompleted } from "../schemas/payment.ts";

/** What is kept of a payment: all that its record says. */
export type HistoryRow = PaymentCompleted;

/** The history of payments. */
export interface TransactionHistory {
  /**
   * Writes a row for each payment that has none; rows that are there are never changed. Idempotent per payment id.
   * @throws Poison HISTORY_DIFFERS naming a payment whose row says something else; the others are written.
   * @throws Poison BAD_PAYMENT naming one that no row can hold; nothing is written.
   * @throws Unavailable where the database is away, or it is unknown whether the rows were written.
   * @throws Retriable after a deadlock or a lock time-out, nothing written.
   */
  readonly record: (rows: readonly HistoryRow[]) => Promise<void>;
}

/** Takes a whole round in one insert. */
export const transactionHistory = defineStore({
  name: "transaction-history",
  writeMany: (
    payments: readonly { readonly value: HistoryRow }[],
    { history }: { readonly history: TransactionHistory },
  ) => history.record(payments.map(({ value }) => value)),
});
