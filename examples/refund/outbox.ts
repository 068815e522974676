/** Where requests come from: a row that the shop writes in the transaction in which a user asks for a refund. */
import { defineOutbox } from "sluice-engine/outbox";
import { type Item, type RefundRequested, refundRequests } from "./records.ts";

/** A row of the shop's table. */
export interface RefundRow {
  readonly id: string;
  readonly payment: string;
  /** A column of JSON. */
  readonly items: readonly Item[];
}

/** A row that is published twice gives the same record twice: its id is the refund's. */
export const toRequest = ({ id, payment, items }: RefundRow): RefundRequested => ({
  refundId: id,
  paymentId: payment,
  items,
});

export const refundOutbox = defineOutbox({ name: "refunds", topic: refundRequests, project: toRequest });
