/**
 * A {@link PaymentBook} in memory that runs the product's rule, `decidePayments`, as the database's adapter does. What contract
 * suite and simulator compare it with is the independent testing/pay-one-by-one.ts.
 */
import { decidePayments, type KnownPayments, keyName } from "../payments/decide-payments.ts";
import type { PaymentBook } from "../payments/payment-ports.ts";
import type { Won } from "../../schemas/coupon.ts";
import { findPayments, type MemoryPayments } from "./memory-payments.ts";

/** Decides by the rule what was known before, then writes what it says. */
export const rulePaymentBook = (state: MemoryPayments): PaymentBook => ({
  pay: async (asks) => {
    // Copies: a decision must not change what it is made from.
    const known: KnownPayments = { ...state, orders: new Map(state.orders), bound: new Map(state.bound) };
    const { answers, paid } = decidePayments(asks, known);
    for (const { order, payment, traceparent } of paid) {
      state.orders.set(order.orderId, { ...order, paid: true });
      for (const { optionId, quantity } of order.items) {
        state.left.set(optionId, (state.left.get(optionId) ?? 0) - quantity);
      }
      const balance = (state.balances.get(order.userId) ?? 0) - payment.amount;
      state.balances.set(order.userId, balance as Won); // The decision left it at 0 or more.
      for (const reservationId of order.coupons) {
        const coupon = state.coupons.get(reservationId);
        if (coupon !== undefined) state.coupons.set(reservationId, { ...coupon, used: true });
      }
      state.payments.set(payment.paymentId, payment);
      state.lastOutboxNo += 1;
      state.outbox.set(state.lastOutboxNo, { payment, traceparent, publishedAt: null });
    }
    for (const [at, answer] of answers.entries()) {
      const ask = asks[at];
      if (answer.kind !== "paid" || ask === undefined) continue;
      state.bound.set(keyName(ask), { fingerprint: ask.fingerprint, payment: answer.payment });
    }
    return answers;
  },
  find: async (paymentIds) => findPayments(state, paymentIds),
});
