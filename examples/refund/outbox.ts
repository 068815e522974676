/** Where requests come from: a row that the shop writes in the transaction in which a user asks for a refund. */
import { defineOutbox } from "sluice-engine/outbox";
import { type RefundRequested, refundRequests } from "./records.ts";

/** A row of the shop's table. */
export interface RefundRow {
  readonly id: string;
  readonly payment: string;
}

/** A row that is published twice gives the same record twice: its id is the refund's. */
export const toRequest = ({ id, payment }: RefundRow): RefundRequested => ({ refundId: id, paymentId: payment });

export const refundOutbox = defineOutbox({ name: "refunds", topic: refundRequests, project: toRequest });
