/** The history of payments against the real database. */
import type { UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import type { HistoryRow } from "../../../sinks/transaction-history.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { transactionHistoryContract } from "../../testing/transaction-history.ts";
import { hexOf } from "../../ids.ts";
import { withSession } from "../session.ts";
import { transactionHistory } from "./transaction-history.ts";

const { database } = databaseUnderTest();

interface Row {
  readonly id: string;
  readonly order_id: string;
  readonly user_id: Buffer;
  readonly amount: number;
  readonly discount: number;
  readonly paid_at: number;
}

const select = `SELECT LOWER(HEX(payment_id)) AS id, LOWER(HEX(order_id)) AS order_id, user_id, amount, discount, paid_at
  FROM transaction_history
  WHERE payment_id IN (SELECT UNHEX(id) FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS wanted)`;

const uuidOf = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

const rowsOf = async (paymentIds: readonly PaymentId[]): Promise<readonly HistoryRow[]> => {
  const rows = await withSession(database, (session) =>
    session.rows<Row>(select, [JSON.stringify(paymentIds.map(hexOf))]),
  );
  // The casts give ids and amounts their names back.
  return rows.map((row) => ({
    paymentId: uuidOf(row.id) as PaymentId,
    orderId: uuidOf(row.order_id) as OrderId,
    userId: row.user_id.toString() as UserId,
    amount: row.amount as Won,
    discount: row.discount as Won,
    paidAt: row.paid_at,
  }));
};

transactionHistoryContract("mysql history", () => ({ history: transactionHistory(database), rowsOf }));
