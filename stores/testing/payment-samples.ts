/** Made-up options, orders and asks for tests: every id is new, so tests share a database without meeting. */
import { createHash } from "node:crypto";
import { v7 } from "uuid";
import type { OptionId, Order, OrderItem, PaymentAsk } from "../../processors/payments/payment-ports.ts";
import type { Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import { aUserId } from "../../processors/testing/samples.ts";

/** A new order id. */
export const anOrderId = (): OrderId => v7() as OrderId;
/** A new payment id. */
export const aPaymentId = (): PaymentId => v7() as PaymentId;
/** A new option id. */
export const anOptionId = (): OptionId => `o-${v7()}` as OptionId;
/** An amount. */
export const won = (amount: number): Won => amount as Won;

/** A line of an order: one unit for 10,000 won. */
export const anItem = (optionId: OptionId, changes: Partial<OrderItem> = {}): OrderItem => ({
  optionId,
  quantity: 1,
  unitPrice: won(10_000),
  ...changes,
});

/** An order of a new user, without coupons. */
export const anOrder = (items: readonly OrderItem[], changes: Partial<Order> = {}): Order => ({
  orderId: anOrderId(),
  userId: aUserId(),
  items,
  coupons: [],
  ...changes,
});

/** SHA-256 of what an ask says. */
export const fingerprintOf = (what: string): Buffer => createHash("sha256").update(what).digest();

/** An ask of an order's owner with a key of its own. */
export const anAsk = (order: Pick<Order, "orderId" | "userId">, changes: Partial<PaymentAsk> = {}): PaymentAsk => ({
  orderId: order.orderId,
  userId: order.userId,
  key: v7(),
  fingerprint: fingerprintOf(order.orderId),
  paymentId: aPaymentId(),
  ...changes,
});
