/** What flows: requests for a refund, what became of them, and one stock event for each item that comes back. */
import { array, int, long, record, string, topic, type TypeOf } from "sluice-engine/avro";

/** Items of one kind that come back. */
export const Item = record("refund.v1.Item", { sku: string(), quantity: int() });
export type Item = TypeOf<typeof Item>;

export const RefundRequested = record("refund.v1.RefundRequested", {
  refundId: string(),
  paymentId: string(),
  items: array(Item),
});
export type RefundRequested = TypeOf<typeof RefundRequested>;

export const RefundCompleted = record("refund.v1.RefundCompleted", { refundId: string(), amount: long() });
export const RefundRefused = record("refund.v1.RefundRefused", { refundId: string(), reason: string() });
export const MoneyTakenBack = record("refund.v1.MoneyTakenBack", { refundId: string(), reason: string() });
export const StockReturned = record("refund.v1.StockReturned", { refundId: string(), sku: string(), quantity: int() });
export type StockReturned = TypeOf<typeof StockReturned>;

const refundId = (value: { readonly refundId: string }): string => value.refundId;
const byRefund = { key: refundId, id: refundId };

export const refundRequests = topic("refund-requested", RefundRequested, {
  // Refunds of one payment are decided in order.
  key: ({ paymentId }) => paymentId,
  id: refundId,
  // Kept for a week: as long as a worker may be stopped.
  config: { "retention.ms": String(7 * 86_400_000) },
});
export const refundsCompleted = topic("refund-completed", RefundCompleted, byRefund);
export const refundsRefused = topic("refund-refused", RefundRefused, byRefund);
export const moneyTakenBack = topic("refund-money-taken-back", MoneyTakenBack, byRefund);
export const stockReturned = topic("stock-returned", StockReturned, {
  key: ({ sku }) => sku,
  // One event for each item of a refund.
  id: ({ refundId: id, sku }) => `${id}/${sku}`,
});
