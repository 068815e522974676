/** Ids of a simulated world of payments: real ones by their form, short ones for people. */
import type { ReservationId } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";

const digits = (n: number): string => String(n).padStart(12, "0");

/** The order with this number. */
export const orderIdOf = (n: number): OrderId => `01910000-0000-7000-8000-${digits(n)}` as OrderId;
/** The issued coupon with this number. */
export const couponOf = (n: number): ReservationId => `01900000-0000-7000-8000-${digits(n)}` as ReservationId;

/** `o12`. */
export const orderName = (orderId: OrderId): string => `o${Number(orderId.slice(-12))}`;

/** Random bytes by which the payment that is made of them names the request it was made for. */
export const bytesFor = (request: number): Uint8Array => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(request, 12);
  return bytes;
};

/** The request that a payment was made for; 0 where it was made of bytes that were meant for none. */
export const requestOf = (paymentId: PaymentId): number => Number.parseInt(paymentId.slice(-8), 16);

/** `p34`: the payment that request 34 would make. */
export const paymentName = (paymentId: PaymentId): string => `p${requestOf(paymentId)}`;
