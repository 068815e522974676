/**
 * The fakes pass the contract suites that the real stores pass. Here and not beside them, because processors/ may not
 * import stores/.
 */
import assert from "node:assert/strict";
import {
  memoryCouponBook,
  memoryCouponCatalog,
  memoryCouponRegister,
  memoryDatabase,
  memoryIdempotencyKeys,
  memoryLeases,
  memoryVerdictLookup,
} from "../../processors/memory/memory-database.ts";
import { memoryCouponStock } from "../../processors/memory/memory-coupon-stock.ts";
import { memoryTransactionHistory } from "../../sinks/memory/memory-transaction-history.ts";
import {
  memoryOldPaymentKeys,
  memoryOrderRegister,
  memoryOutbox,
  type MemoryPayments,
  memoryPayments,
} from "../../processors/memory/memory-payments.ts";
import { oneByOnePaymentBook } from "../../processors/testing/pay-one-by-one.ts";
import { rulePaymentBook } from "../../processors/memory/rule-payment-book.ts";
import type { PaymentBook } from "../../processors/payments/payment-ports.ts";
import { memoryCouponGate, memoryCouponTruth } from "../../processors/testing/memory-reconciliation.ts";
import { couponBookContract } from "./coupon-book.ts";
import { couponRegisterContract } from "./coupon-register.ts";
import { couponStockContract } from "./coupon-stock.ts";
import { idempotencyKeysContract } from "./idempotency-keys.ts";
import { fencedStockContract, leasesContract } from "./leases.ts";
import { transactionHistoryContract } from "./transaction-history.ts";
import { agedMs, oldKeysContract } from "./old-keys.ts";
import { outboxContract } from "../../engine/outbox/testing/outbox-contract.ts";
import { paymentOutboxSubject } from "./outbox.ts";
import { type PaymentSubject, paymentBookContract } from "./payment-book.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "./payment-samples.ts";
import { aReservationId, many } from "../../processors/testing/samples.ts";
import { couponGateContract, couponTruthContract } from "./reconciliation.ts";

const database = memoryDatabase();
const register = memoryCouponRegister(database);
const catalog = memoryCouponCatalog(database);
const lookup = memoryVerdictLookup(database);
const stock = memoryCouponStock();

couponBookContract("memory book", () => ({ book: memoryCouponBook(database), register, catalog, lookup }));
leasesContract("memory leases", () => ({
  leases: memoryLeases(database),
  book: (fence) => memoryCouponBook(database, fence),
  register,
  catalog,
}));
fencedStockContract("memory stock", stock.under);
couponRegisterContract("memory register", () => ({ register, catalog }));
idempotencyKeysContract("memory keys", () => memoryIdempotencyKeys(database));
couponStockContract("memory stock", () => ({
  stock,
  counter: async (couponId) => {
    const counter = stock.counters.get(couponId);
    return counter && { left: counter.left, marks: counter.marks.size };
  },
}));
const history = memoryTransactionHistory();
transactionHistoryContract("memory history", () => ({
  history,
  rowsOf: async (paymentIds) => paymentIds.flatMap((paymentId) => history.rows.get(paymentId) ?? []),
}));
const paymentSubject = (payments: MemoryPayments, book: PaymentBook): PaymentSubject => ({
  book,
  register: memoryOrderRegister(payments),
  giveCoupon: async (userId, { discount, minOrderAmount }, expiresInMs) => {
    const reservationId = aReservationId();
    const expiresAt = payments.now + expiresInMs;
    payments.coupons.set(reservationId, { userId, used: false, expiresAt, discount, minOrderAmount });
    return reservationId;
  },
  look: {
    left: async (optionId) => payments.left.get(optionId) ?? assert.fail(),
    balance: async (userId) => payments.balances.get(userId) ?? assert.fail(),
    isPaid: async (orderId) => payments.orders.get(orderId)?.paid ?? assert.fail(),
    isUsed: async (reservationId) => payments.coupons.get(reservationId)?.used ?? assert.fail(),
    outboxRows: async (paymentId) =>
      [...payments.outbox.values()].filter(({ payment }) => payment.paymentId === paymentId).length,
  },
});
const payments = memoryPayments();
paymentBookContract("memory payments", () => paymentSubject(payments, oneByOnePaymentBook(payments)));
// The product's rule, which the database's adapter also runs: a fault in it shows here, and not in the fake above.
const ruled = memoryPayments();
paymentBookContract("payment rule", () => paymentSubject(ruled, rulePaymentBook(ruled)));
couponGateContract("memory gate", () => ({ stock, gate: (fence) => memoryCouponGate(stock, fence) }));
couponTruthContract("memory truth", () => ({
  leases: memoryLeases(database),
  register,
  book: memoryCouponBook(database),
  truth: (fence) => memoryCouponTruth(database, fence),
}));

const shop = memoryPayments();
const orphanedRows = new Set<number>();
outboxContract("memory payment outbox", () =>
  paymentOutboxSubject({
    outbox: memoryOutbox(shop, orphanedRows),
    orphan: async (paid) => {
      for (const [number, { payment }] of shop.outbox) if (paid.includes(payment)) orphanedRows.add(number);
      return async () => orphanedRows.clear();
    },
    book: oneByOnePaymentBook(shop),
    register: memoryOrderRegister(shop),
  }),
);

oldKeysContract("memory payment keys", () => ({
  keys: memoryOldPaymentKeys(shop),
  use: async (userId, count) => {
    const optionId = anOptionId();
    const orders = many(count, () => anOrder([anItem(optionId, { unitPrice: won(0) })], { userId }));
    await memoryOrderRegister(shop).addOptions([{ optionId, stock: count }]);
    await memoryOrderRegister(shop).openOrders(orders);
    await oneByOnePaymentBook(shop).pay(orders.map((order) => anAsk(order)));
  },
  age: async (userId) => {
    for (const [name, { fingerprint, payment }] of shop.bound) {
      const aged = { ...payment, paidAt: payment.paidAt - agedMs };
      if (payment.userId === userId) shop.bound.set(name, { fingerprint, payment: aged });
    }
  },
  remembered: async (userId) => [...shop.bound.values()].filter(({ payment }) => payment.userId === userId).length,
}));
