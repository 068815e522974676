/** The history of payments against the real database. */
import type { PaymentId } from "../../../schemas/payment.ts";
import type { HistoryRow } from "../../../sinks/transaction-history.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { transactionHistoryContract } from "../../testing/transaction-history.ts";
import { hexOf } from "../../ids.ts";
import { withSession } from "../session.ts";
import { transactionHistory } from "./transaction-history.ts";
import { paymentColumns } from "./payment-columns.ts";

const { database } = databaseUnderTest();

const rowColumns = paymentColumns("transaction_history");
const selectRows = `SELECT ${rowColumns.list} FROM transaction_history
  WHERE payment_id IN (SELECT UNHEX(id) FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS wanted)`;

const rowsOf = (paymentIds: readonly PaymentId[]): Promise<readonly HistoryRow[]> =>
  withSession(database, ({ select }) => select(rowColumns, selectRows, [JSON.stringify(paymentIds.map(hexOf))]));

transactionHistoryContract("mysql history", () => ({ history: transactionHistory(database), rowsOf }));
