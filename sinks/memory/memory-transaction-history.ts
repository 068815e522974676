/** The history of payments in memory: a map. One by one and in order, so the real one is tested against it too. */
import { Poison } from "../../engine/errors.ts";
import { isStorableUserId, isUuid } from "../../schemas/ids.ts";
import type { PaymentId } from "../../schemas/payment.ts";
import type { HistoryRow, TransactionHistory } from "../transaction-history.ts";

/** A {@link TransactionHistory} with its rows to look at. */
export const memoryTransactionHistory = (): TransactionHistory & { readonly rows: Map<PaymentId, HistoryRow> } => {
  const rows = new Map<PaymentId, HistoryRow>();
  return {
    rows,
    record: async (payments) => {
      payments.forEach(checkRow);
      for (const payment of payments) if (!rows.has(payment.paymentId)) rows.set(payment.paymentId, payment);
      const differing = payments.find((payment) => !sameRow(payment, rows.get(payment.paymentId)));
      if (differing !== undefined) throw poison("HISTORY_DIFFERS", differing);
    },
  };
};

const fields = ["orderId", "userId", "amount", "discount", "paidAt"] as const;

const sameRow = (a: HistoryRow, b: HistoryRow | undefined): boolean => fields.every((field) => a[field] === b?.[field]);

const checkRow = (row: HistoryRow): void => {
  const { paymentId, orderId, userId, amount, discount, paidAt } = row;
  const ids = isUuid(paymentId) && isUuid(orderId) && isStorableUserId(userId);
  const counts = [amount, discount, paidAt].every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!ids || !counts) throw poison("BAD_PAYMENT", row);
};

const poison = (code: string, { paymentId }: HistoryRow): Poison =>
  new Poison(code, `payment ${paymentId}`, { idempotencyKey: paymentId });
