/** The history of payments in the database: a round is one insert, and what stands is compared, never changed. */
import { Fatal, Poison } from "../../processors/errors.ts";
import type { HistoryRow, TransactionHistory } from "../../sinks/transaction-history.ts";
import { hexOf, isStorableId, isUuid } from "../ids.ts";
import type { Database } from "./database.ts";
import { inTransaction } from "./session.ts";

/** Rows of one round at most: what one statement's parameter should hold. */
const roundMaxRows = 10_000;

// A row that stands is left alone and not counted: unlike INSERT IGNORE, which would also swallow values that don't fit.
const insertNew = `INSERT INTO transaction_history (payment_id, order_id, user_id, amount, discount, paid_at)
  SELECT UNHEX(round.payment_id), UNHEX(round.order_id), round.user_id, round.amount, round.discount, round.paid_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    payment_id CHAR(32) CHARACTER SET ascii PATH '$[0]',
    order_id CHAR(32) CHARACTER SET ascii PATH '$[1]',
    user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[2]',
    amount BIGINT UNSIGNED PATH '$[3]',
    discount BIGINT UNSIGNED PATH '$[4]',
    paid_at BIGINT UNSIGNED PATH '$[5]')) AS round
  ON DUPLICATE KEY UPDATE payment_id = transaction_history.payment_id`;

const findStanding = `SELECT standing.payment_id, standing.order_id, standing.user_id, standing.amount, standing.discount,
    standing.paid_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS (payment_id CHAR(32) CHARACTER SET ascii PATH '$')) AS wanted
  STRAIGHT_JOIN transaction_history AS standing ON standing.payment_id = UNHEX(wanted.payment_id)`;

/** The {@link TransactionHistory} of a database; see there for what it throws. */
export const transactionHistory = (database: Database): TransactionHistory => ({
  record: async (rows) => {
    if (rows.length === 0) return;
    if (rows.length > roundMaxRows) throw new Fatal("ROUND_TOO_LARGE", `at most ${roundMaxRows}, got ${rows.length}`);
    rows.forEach(checkRow);
    const differing = await inTransaction(database, async ({ change, rows: select }) => {
      const added = await change(insertNew, [JSON.stringify(toColumns(rows))]);
      if (added === rows.length) return undefined;
      const ids = [...new Set(rows.map(({ paymentId }) => hexOf(paymentId)))];
      const standing = await select<Standing>(findStanding, [JSON.stringify(ids)]);
      const byId = new Map(standing.map((row) => [row.payment_id.toString("hex"), row]));
      return rows.find((row) => !says(byId.get(hexOf(row.paymentId)), row));
    });
    // Thrown after the commit: the rows of the others are in order and stay.
    if (differing !== undefined) throw differs(differing);
  },
});

/** In one order for all processes, or two that write the same payments could wait for each other in a circle. */
const toColumns = (rows: readonly HistoryRow[]) =>
  rows
    .map(({ paymentId, orderId, userId, amount, discount, paidAt }) => {
      return [hexOf(paymentId), hexOf(orderId), userId, amount, discount, paidAt] as const;
    })
    // By payment alone, and stable: of two that share an id the first of the round is written.
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

interface Standing {
  readonly payment_id: Buffer;
  readonly order_id: Buffer;
  readonly user_id: Buffer;
  readonly amount: number;
  readonly discount: number;
  readonly paid_at: number;
}

const says = (standing: Standing | undefined, row: HistoryRow): boolean => {
  if (standing === undefined) throw new RangeError(`payment ${row.paymentId} is neither new nor there`);
  return (
    standing.order_id.toString("hex") === hexOf(row.orderId) &&
    standing.user_id.toString() === row.userId &&
    standing.amount === row.amount &&
    standing.discount === row.discount &&
    standing.paid_at === row.paidAt
  );
};

const differs = ({ paymentId }: HistoryRow): Poison =>
  new Poison("HISTORY_DIFFERS", `payment ${paymentId} stands in the history and says something else`, {
    idempotencyKey: paymentId,
  });

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const checkRow = ({ paymentId, orderId, userId, amount, discount, paidAt }: HistoryRow): void => {
  const ids = isUuid(paymentId) && isUuid(orderId) && isStorableId(userId);
  if (ids && [amount, discount, paidAt].every(isCount)) return;
  throw new Poison(
    "BAD_PAYMENT",
    `payment ${JSON.stringify(paymentId.slice(0, 36))}: an id is malformed, or an amount or time is negative`,
    { idempotencyKey: paymentId },
  );
};
