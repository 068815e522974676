/** The records of payments, their ids, and the topic they flow through. */
import { type Brand, long, record, string, type TypeOf, timestampMs, uuid } from "../engine/avro/avro.ts";
import type { UserId, Won } from "./coupon.ts";
import { topic } from "../engine/avro/topic.ts";
import { isKeyOf, isMoment, isUserId, isUuid, isUuid7, shopRecordMaxBytes } from "./ids.ts";

/** Names an order: a UUID, lower case. */
export type OrderId = Brand<string, "OrderId">;
/** Names a payment: a UUIDv7, lower case. Also the id of its record: one payment, one record. */
export type PaymentId = Brand<string, "PaymentId">;

/** An order was paid: stock, balance, coupons, order and payment are durable. */
export const PaymentCompleted = record("payment.v1.PaymentCompleted", {
  paymentId: uuid<PaymentId>(),
  orderId: uuid<OrderId>(),
  userId: string<UserId>(),
  /** What was taken from the balance, in won: the order's total less the discount. */
  amount: long<Won>(),
  /** What its coupons took off, in won. */
  discount: long<Won>(),
  /** The database's clock at the payment. */
  paidAt: timestampMs(),
});
/** See {@link PaymentCompleted}. */
export type PaymentCompleted = TypeOf<typeof PaymentCompleted>;

/** Payments are kept this long, ms: a data platform that is away for weeks still gets them all. */
const paymentsKeptMs = 30 * 86_400_000;

/** What is wrong with a payment that the relay would never have written; undefined where nothing is. */
export const wrongPayment = (
  { paymentId, orderId, userId, amount, discount, paidAt }: PaymentCompleted,
  key: Buffer | null,
): string | undefined => {
  if (!isUuid7(paymentId)) return "its id is no UUIDv7 in lower case";
  if (!isUuid(orderId)) return "its order's id is no UUID in lower case";
  if (!isUserId(userId)) return "its user's id is none that a user has";
  if (amount < 0 || discount < 0) return "its amount or its discount is below 0";
  if (!isMoment(paidAt)) return "it was paid at a time that is none";
  return isKeyOf(key, orderId) ? undefined : "its key is not its order's id";
};

/** Payments. Keyed by order: what follows a payment is in order per order. */
export const paymentsCompleted = topic("payment-completed", PaymentCompleted, {
  key: "orderId",
  id: ({ paymentId }) => paymentId,
  config: { "retention.ms": String(paymentsKeptMs) },
  maxRecordBytes: shopRecordMaxBytes,
  check: wrongPayment,
});

/** Every topic of this file. */
export const paymentTopics = [paymentsCompleted] as const;
