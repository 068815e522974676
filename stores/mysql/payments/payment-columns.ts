/** A payment's columns, which its own table and the history both have. */
import type { UserId } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentCompleted, PaymentId } from "../../../schemas/payment.ts";
import { type Columns, columns, idColumn, integerColumn, uuidColumn, wonColumn } from "../columns/columns.ts";
import { hexOf } from "../../ids.ts";

/** Reads payments from a table. */
export const paymentColumns = (table: "payment" | "transaction_history"): Columns<PaymentCompleted> =>
  columns(table, {
    paymentId: uuidColumn<PaymentId>(),
    orderId: uuidColumn<OrderId>(),
    userId: idColumn<UserId>(),
    amount: wonColumn(),
    discount: wonColumn(),
    paidAt: integerColumn(),
  });

/** The columns of an INSERT into such a table, in the order of {@link toPaymentRow}. */
export const insertedColumns = "payment_id, order_id, user_id, amount, discount, paid_at";

/** The SELECT of that INSERT: reads the rows of one JSON parameter. */
export const paymentsFromJson = `SELECT UNHEX(round.payment_id), UNHEX(round.order_id), round.user_id, round.amount,
    round.discount, round.paid_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    payment_id CHAR(32) CHARACTER SET ascii PATH '$[0]',
    order_id CHAR(32) CHARACTER SET ascii PATH '$[1]',
    user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[2]',
    amount BIGINT UNSIGNED PATH '$[3]',
    discount BIGINT UNSIGNED PATH '$[4]',
    paid_at BIGINT UNSIGNED PATH '$[5]')) AS round`;

/** A payment as {@link paymentsFromJson} reads it. */
export const toPaymentRow = ({ paymentId, orderId, userId, amount, discount, paidAt }: PaymentCompleted) =>
  [hexOf(paymentId), hexOf(orderId), userId, amount, discount, paidAt] as const;
