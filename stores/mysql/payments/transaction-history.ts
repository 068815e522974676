/** The history of payments in the database: a round is one insert, and rows that exist are compared, never changed. */
import { Fatal, Poison } from "../../../engine/errors.ts";
import type { HistoryRow, TransactionHistory } from "../../../sinks/transaction-history.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import { compareText, hexOf } from "../../ids.ts";
import { isStorableUserId, isUuid } from "../../../schemas/ids.ts";
import type { Database } from "../database.ts";
import { insertedColumns, paymentColumns, paymentsFromJson, toPaymentRow } from "./payment-columns.ts";
import { inTransaction, type Session } from "../session.ts";

/** Rows of one round at most: what one statement's parameter should hold. */
const roundMaxRows = 10_000;

// A row that exists is left as it is and not counted: unlike INSERT IGNORE, which would also swallow values that don't fit.
const rowColumns = paymentColumns("transaction_history");

const insertNew = `INSERT INTO transaction_history (${insertedColumns}) ${paymentsFromJson}
  ON DUPLICATE KEY UPDATE payment_id = transaction_history.payment_id`;

const findExisting = `SELECT ${rowColumns.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (payment_id CHAR(32) CHARACTER SET ascii PATH '$')) AS wanted
  STRAIGHT_JOIN transaction_history ON transaction_history.payment_id = UNHEX(wanted.payment_id)`;

/** The {@link TransactionHistory} of a database; see there for what it throws. */
export const transactionHistory = (database: Database): TransactionHistory => ({
  record: async (rows) => {
    if (rows.length === 0) return;
    if (rows.length > roundMaxRows) throw new Fatal("ROUND_TOO_LARGE", `at most ${roundMaxRows}, got ${rows.length}`);
    rows.forEach(checkRow);
    const firsts = firstOfEach(rows);
    const differing = await inTransaction(database, async (session) => {
      const added = await session.change(insertNew, [JSON.stringify(toSortedRows([...firsts.values()]))]);
      // Read only where rows existed: a relay that was killed publishes again what is mostly of one round.
      const existing = added === firsts.size ? firsts : await readExisting(session, [...firsts.keys()]);
      return rows.find((row) => !isSame(existing.get(row.paymentId), row));
    });
    // Thrown after the commit: the rows of the others are correct and stay.
    if (differing !== undefined) throw differs(differing);
  },
});

type Rows = ReadonlyMap<PaymentId, HistoryRow>;

/** By payment; of one that is in a round twice, the first. */
const firstOfEach = (rows: readonly HistoryRow[]): Rows => {
  const firsts = new Map<PaymentId, HistoryRow>();
  for (const row of rows) if (!firsts.has(row.paymentId)) firsts.set(row.paymentId, row);
  return firsts;
};

/** In one order for all processes, or two that write the same payments could wait for each other in a circle. */
const toSortedRows = (rows: readonly HistoryRow[]) => rows.map(toPaymentRow).sort(([a], [b]) => compareText(a, b));

const readExisting = async ({ select }: Session, paymentIds: readonly PaymentId[]): Promise<Rows> => {
  const rows = await select(rowColumns, findExisting, [JSON.stringify(paymentIds.map(hexOf))]);
  return new Map(rows.map((row) => [row.paymentId, row]));
};

const isSame = (existing: HistoryRow | undefined, row: HistoryRow): boolean => {
  if (existing === undefined) throw new RangeError(`payment ${row.paymentId} was neither inserted nor found`);
  return (
    existing === row ||
    // Field by field: a decoded record has a prototype of its own, so it never equals a row as an object.
    (existing.orderId === row.orderId &&
      existing.userId === row.userId &&
      existing.amount === row.amount &&
      existing.discount === row.discount &&
      existing.paidAt === row.paidAt)
  );
};

const differs = ({ paymentId }: HistoryRow): Poison =>
  new Poison("HISTORY_DIFFERS", `payment ${paymentId} is in the history with other contents`, {
    idempotencyKey: paymentId,
  });

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const checkRow = ({ paymentId, orderId, userId, amount, discount, paidAt }: HistoryRow): void => {
  const ids = isUuid(paymentId) && isUuid(orderId) && isStorableUserId(userId);
  if (ids && [amount, discount, paidAt].every(isCount)) return;
  throw new Poison(
    "BAD_PAYMENT",
    `payment ${JSON.stringify(paymentId.slice(0, 36))}: an id is malformed, or an amount or time is negative`,
    { idempotencyKey: paymentId },
  );
};
