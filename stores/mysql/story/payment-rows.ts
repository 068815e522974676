/** Rows about one order, one payment or one user's payments, each found by an index, for the story of a request. */
import type { ReservationId, UserId } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentCompleted, PaymentId } from "../../../schemas/payment.ts";
import { bytesOf } from "../../ids.ts";
import { columns, idColumn, integerColumn, nullable, uuidColumn, wonColumn } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { paymentColumns } from "../payments/payment-columns.ts";
import { withSession } from "../session.ts";

/** An order. */
export interface OrderRow {
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly isPaid: boolean;
}

/** What is to be, or was, published of a payment. */
export interface OutboxRow {
  readonly outboxNo: number;
  /** Epoch ms, by the database's clock; null where it waits. */
  readonly publishedAt: number | null;
}

/** A user's account, in won. */
export interface BalanceRow {
  readonly deposited: number;
  readonly balance: number;
}

/** Reads by index. Everything throws Unavailable. */
export interface PaymentRows {
  readonly payment: (id: PaymentId) => Promise<PaymentCompleted | undefined>;
  readonly paymentOf: (id: OrderId) => Promise<PaymentCompleted | undefined>;
  readonly order: (id: OrderId) => Promise<OrderRow | undefined>;
  /** Reservations of the coupons that an order uses. */
  readonly couponsOf: (id: OrderId) => Promise<readonly ReservationId[]>;
  /**
   * The rows of a payment among the {@link outboxLooked} that were published first after it, and among as many that wait:
   * the outbox has no index by payment.
   */
  readonly outbox: (payment: Pick<PaymentCompleted, "paymentId" | "paidAt">) => Promise<readonly OutboxRow[]>;
  /** The row of the transaction history. */
  readonly history: (id: PaymentId) => Promise<PaymentCompleted | undefined>;
  /** A user's payments by the idempotency keys that are remembered, newest first. */
  readonly ofUser: (userId: UserId, limit: number) => Promise<readonly PaymentCompleted[]>;
  readonly balance: (userId: UserId) => Promise<BalanceRow | undefined>;
}

/** Rows of the outbox that are looked at on each side; a tenth of a second at most. */
export const outboxLooked = 50_000;

const payment = paymentColumns("payment");
const history = paymentColumns("transaction_history");
const selectPayment = `SELECT ${payment.list} FROM payment WHERE payment.payment_id = ?`;
const selectOfOrder = `SELECT ${payment.list} FROM payment WHERE payment.order_id = ?`;
const selectHistory = `SELECT ${history.list} FROM transaction_history WHERE transaction_history.payment_id = ?`;
const selectOfUser = `SELECT DISTINCT ${payment.list} FROM payment_key
  STRAIGHT_JOIN payment ON payment.payment_id = payment_key.payment_id
  WHERE payment_key.user_id = ? ORDER BY payment.payment_id DESC LIMIT ?`;

const order = columns("customer_order", {
  orderId: uuidColumn<OrderId>(),
  userId: idColumn<UserId>(),
  status: integerColumn(),
});
const selectOrder = `SELECT ${order.list} FROM customer_order WHERE customer_order.order_id = ?`;

const coupon = columns("order_coupon", { reservationId: uuidColumn<ReservationId>() });
const selectCoupons = `SELECT ${coupon.list} FROM order_coupon WHERE order_coupon.order_id = ?`;

const outbox = columns("outbox", { outboxNo: integerColumn(), publishedAt: nullable(integerColumn()) });
const near = (where: string, by: string): string =>
  `SELECT ${outbox.list} FROM (
    SELECT outbox_no, payment_id, published_at FROM outbox FORCE INDEX (by_published)
      WHERE ${where} ORDER BY ${by} LIMIT ${outboxLooked}
  ) AS outbox WHERE outbox.payment_id = ?`;
const selectPublished = near("published_at >= ?", "published_at");
const selectWaiting = near("published_at IS NULL", "outbox_no DESC");

const balance = columns("user_balance", { deposited: wonColumn(), balance: wonColumn() });
const selectBalance = `SELECT ${balance.list} FROM user_balance WHERE user_balance.user_id = ?`;

/** The rows of a database. */
export const paymentRows = (database: Database): PaymentRows => ({
  payment: (id) =>
    withSession(database, async ({ select }) => (await select(payment, selectPayment, [bytesOf(id)]))[0]),
  paymentOf: (id) =>
    withSession(database, async ({ select }) => (await select(payment, selectOfOrder, [bytesOf(id)]))[0]),
  order: (id) =>
    withSession(database, async ({ select }) => {
      const [row] = await select(order, selectOrder, [bytesOf(id)]);
      return row === undefined ? undefined : { orderId: row.orderId, userId: row.userId, isPaid: row.status === 2 };
    }),
  couponsOf: (id) =>
    withSession(database, async ({ select }) =>
      (await select(coupon, selectCoupons, [bytesOf(id)])).map(({ reservationId }) => reservationId),
    ),
  outbox: ({ paymentId, paidAt }) =>
    withSession(database, async ({ select }) => [
      ...(await select(outbox, selectPublished, [paidAt, bytesOf(paymentId)])),
      ...(await select(outbox, selectWaiting, [bytesOf(paymentId)])),
    ]),
  history: (id) =>
    withSession(database, async ({ select }) => (await select(history, selectHistory, [bytesOf(id)]))[0]),
  ofUser: (userId, limit) =>
    withSession(database, ({ select }) => select(payment, selectOfUser, [Buffer.from(userId), limit])),
  balance: (userId) =>
    withSession(database, async ({ select }) => (await select(balance, selectBalance, [Buffer.from(userId)]))[0]),
});
