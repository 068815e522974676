/**
 * What paying comes to, worked out a second time and as plainly as can be: one ask after the other, each against what is
 * true at that moment. Independent of `decidePayments`, so that each can show a fault of the other.
 */
import { keyName, type UserCoupon } from "../payments/decide-payments.ts";
import type {
  CouponProblem,
  Order,
  Payment,
  PaymentAnswer,
  PaymentAsk,
  PaymentBook,
  PaymentRefusal,
} from "../payments/payment-ports.ts";
import type { Discount, ReservationId, Won } from "../../schemas/coupon.ts";
import { findPayments, type MemoryPayments } from "../memory/memory-payments.ts";

/** A {@link PaymentBook} in memory that pays one after the other. */
export const oneByOnePaymentBook = (state: MemoryPayments): PaymentBook => ({
  pay: async (asks) => payOneByOne(state, asks),
  find: async (paymentIds) => findPayments(state, paymentIds),
});

/** Pays these asks in order and changes `state`; one that is refused changes nothing. */
export const payOneByOne = (state: MemoryPayments, asks: readonly PaymentAsk[]): readonly PaymentAnswer[] => {
  const refused = new Map<string, { readonly ask: PaymentAsk; readonly answer: PaymentAnswer }>();
  return asks.map((ask) => {
    const name = keyName(ask);
    const used = state.bound.get(name);
    if (used !== undefined) {
      if (!used.fingerprint.equals(ask.fingerprint)) return { kind: "mismatch" };
      return { kind: used.payment.paymentId === ask.paymentId ? "paid" : "repeat", payment: used.payment };
    }
    // A key that is in one call twice is decided once.
    const first = refused.get(name);
    if (first !== undefined) return first.ask.fingerprint.equals(ask.fingerprint) ? first.answer : { kind: "mismatch" };
    const answer = payOne(state, ask);
    if (answer.kind !== "paid") refused.set(name, { ask, answer });
    return answer;
  });
};

const payOne = (state: MemoryPayments, ask: PaymentAsk): PaymentAnswer => {
  const order = state.orders.get(ask.orderId);
  if (order?.userId !== ask.userId) return { kind: "orderNotFound" };
  if (order.paid) return { kind: "orderNotPayable", why: "paid" };
  const total = order.items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
  const discount = Math.min(
    total,
    order.coupons.reduce((sum, id) => sum + amountOff(state, id, total), 0),
  );
  const amount = total - discount;
  const refusal = refusalOf(state, order, { total, amount });
  if (refusal !== undefined) return refusal;
  const { paymentId, orderId, userId } = ask;
  // Sums of whole won, checked above to be at most what there is.
  const payment = { paymentId, orderId, userId, amount: amount as Won, discount: discount as Won, paidAt: state.now };
  record(state, order, { payment, traceparent: ask.traceparent });
  state.bound.set(keyName(ask), { fingerprint: ask.fingerprint, payment });
  return { kind: "paid", payment };
};

const refusalOf = (
  state: MemoryPayments,
  order: Order,
  { total, amount }: { readonly total: number; readonly amount: number },
): PaymentRefusal | undefined => {
  if (order.items.length === 0) return { kind: "orderNotPayable", why: "empty" };
  const options = [...Map.groupBy(order.items, ({ optionId }) => optionId)]
    .map(([optionId, items]) => ({
      ...{ optionId, wanted: items.reduce((sum, { quantity }) => sum + quantity, 0) },
      left: state.left.get(optionId) ?? 0,
    }))
    .filter(({ wanted, left }) => wanted > left);
  if (options.length > 0) return { kind: "outOfStock", options };
  const coupons = order.coupons.flatMap((reservationId) => {
    const coupon = state.coupons.get(reservationId);
    const why = coupon?.userId === order.userId ? problemOf(coupon, state.now, total) : "unknown";
    return why === undefined ? [] : [{ reservationId, why }];
  });
  if (coupons.length > 0) return { kind: "couponNotUsable", coupons };
  const balance = state.balances.get(order.userId) ?? (0 as Won);
  // Whole won: a total less a part of it.
  return amount > balance ? { kind: "balanceTooLow", amount: amount as Won, balance } : undefined;
};

const problemOf = (coupon: UserCoupon, now: number, total: number): CouponProblem | undefined => {
  if (coupon.used) return "used";
  if (now >= coupon.expiresAt) return "expired";
  return coupon.minOrderAmount > total ? "belowMinimum" : undefined;
};

const amountOff = ({ coupons }: MemoryPayments, id: ReservationId, total: number): number => {
  const discount: Discount | undefined = coupons.get(id)?.discount;
  if (discount === undefined) return 0;
  if (discount.kind === "fixed") return discount.amount;
  return Math.min(discount.maxAmount, Number((BigInt(total) * BigInt(discount.percent)) / 100n));
};

const record = (
  state: MemoryPayments,
  order: Order,
  { payment, traceparent }: { readonly payment: Payment; readonly traceparent: string | undefined },
): void => {
  const { left, balances, coupons, payments, outbox } = state;
  state.orders.set(order.orderId, { ...order, paid: true });
  for (const item of order.items) left.set(item.optionId, (left.get(item.optionId) ?? 0) - item.quantity);
  for (const [id, coupon] of coupons) if (order.coupons.includes(id)) coupons.set(id, { ...coupon, used: true });
  balances.set(order.userId, ((balances.get(order.userId) ?? 0) - payment.amount) as Won); // Checked to be enough.
  payments.set(payment.paymentId, payment);
  outbox.set(++state.lastOutboxNo, { payment, traceparent, publishedAt: null });
};
