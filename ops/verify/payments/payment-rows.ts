/** What is read of payments, in flat memory: payments and their copies whole, because their contents are compared. */
import { boolean, int, long, record } from "../../../engine/avro/avro.ts";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import { PaymentCompleted, type PaymentId } from "../../../schemas/payment.ts";
import { PackedRows } from "../rows/packed-rows.ts";
import type { OutboxState, PublishedPayment } from "./payment-facts.ts";

const Published = record("verify.v1.Published", {
  payment: PaymentCompleted,
  partition: int(),
  offset: long(),
  contradicted: boolean(),
});
const Outbox = record("verify.v1.Outbox", { rows: int(), published: boolean() });
const Effects = record("verify.v1.Effects", { effects: int() });

/** Payments, of their table or of the history. */
export const paymentRows = () =>
  new PackedRows({
    schema: PaymentCompleted,
    pack: (payment: Payment) => payment,
    unpack: (kept, _: PaymentId): Payment => kept,
  });

/** Payments in the topic. */
export const publishedRows = () =>
  new PackedRows({
    schema: Published,
    // An offset is far below 2^53.
    pack: ({ offset, ...one }: PublishedPayment) => ({ ...one, offset: Number(offset) }),
    unpack: ({ offset, ...one }, _: PaymentId): PublishedPayment => ({ ...one, offset: BigInt(offset) }),
  });

/** What the outbox has of each payment. */
export const outboxRows = () =>
  new PackedRows({
    schema: Outbox,
    pack: (state: OutboxState) => state,
    unpack: (kept, _: PaymentId): OutboxState => kept,
  });

/** How often each payment took effect at the platform. */
export const effectRows = () =>
  new PackedRows({
    schema: Effects,
    pack: (effects: number) => ({ effects }),
    unpack: ({ effects }, _: PaymentId) => effects,
  });
