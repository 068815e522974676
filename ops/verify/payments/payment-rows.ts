/** What is read of payments, in flat memory: payments and their copies whole, because their contents are compared. */
import { boolean, bytes, double, int, record, string } from "../../../engine/avro/avro.ts";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { UserId, Won } from "../../../schemas/coupon.ts";
import { isUuid } from "../../../schemas/ids.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import { bytesOf, uuidOf } from "../../../stores/ids.ts";
import { PackedRows } from "../rows/packed-rows.ts";
import type { OutboxState, PublishedPayment } from "./payment-facts.ts";

/** The payment's id is that of its row. */
const contents = {
  /** A UUID's 16 bytes; empty where `otherOrder` has what is none. */
  order: bytes(),
  otherOrder: string(),
  userId: string<UserId>(),
  // As doubles: a table may have any safe integer, and Avro's long here ends at 2^53 - 2.
  amount: double<Won>(),
  discount: double<Won>(),
  paidAt: double(),
} as const;
const Contents = record("verify.v1.Payment", contents);
const Published = record("verify.v1.Published", {
  ...contents,
  partition: int(),
  offset: double(),
  contradicted: boolean(),
});
const Outbox = record("verify.v1.Outbox", { rows: int(), published: boolean() });
const Effects = record("verify.v1.Effects", { effects: int() });

const none = Buffer.alloc(0);
const packPayment = ({ paymentId: _, orderId, ...rest }: Payment) =>
  isUuid(orderId)
    ? { ...rest, order: bytesOf(orderId), otherOrder: "" }
    : { ...rest, order: none, otherOrder: orderId as string };

type Kept = ReturnType<typeof packPayment>;
const unpackPayment = (
  { order, otherOrder, userId, amount, discount, paidAt }: Kept,
  paymentId: PaymentId,
): Payment => ({
  paymentId,
  // It was one when it was packed.
  orderId: (order.length === 0 ? otherOrder : uuidOf(order)) as OrderId,
  ...{ userId, amount, discount, paidAt },
});

/** Payments, of their table or of the history. */
export const paymentRows = () => new PackedRows({ schema: Contents, pack: packPayment, unpack: unpackPayment });

/** Payments in the topic. */
export const publishedRows = () =>
  new PackedRows({
    schema: Published,
    // An offset is far below 2^53.
    pack: ({ payment, offset, partition, contradicted }: PublishedPayment) => ({
      ...packPayment(payment),
      ...{ offset: Number(offset), partition, contradicted },
    }),
    unpack: ({ offset, partition, contradicted, ...kept }, paymentId: PaymentId): PublishedPayment => ({
      payment: unpackPayment(kept, paymentId),
      ...{ offset: BigInt(offset), partition, contradicted },
    }),
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
