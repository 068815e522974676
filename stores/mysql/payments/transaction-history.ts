/** The history of payments in the database: a round is one insert, and what stands is compared, never changed. */
import { Fatal, Poison } from "../../../engine/errors.ts";
import type { HistoryRow, TransactionHistory } from "../../../sinks/transaction-history.ts";
import type { UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import { hexOf, isStorableId, isUuid, uuidOf } from "../../ids.ts";
import type { Database } from "../database.ts";
import { inTransaction, type Session } from "../session.ts";

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
    const firsts = firstOfEach(rows);
    const differing = await inTransaction(database, async (session) => {
      const added = await session.change(insertNew, [JSON.stringify(toColumns([...firsts.values()]))]);
      // Only what was there before has to be read: a relay that is killed sends again what is mostly of the same round.
      const standing = added === firsts.size ? firsts : await readStanding(session, [...firsts.keys()]);
      return rows.find((row) => !says(standing.get(row.paymentId), row));
    });
    // Thrown after the commit: the rows of the others are in order and stay.
    if (differing !== undefined) throw differs(differing);
  },
});

type Rows = ReadonlyMap<PaymentId, HistoryRow>;

/** By payment; of those that stand in a round twice the first. */
const firstOfEach = (rows: readonly HistoryRow[]): Rows => {
  const firsts = new Map<PaymentId, HistoryRow>();
  for (const row of rows) if (!firsts.has(row.paymentId)) firsts.set(row.paymentId, row);
  return firsts;
};

/** In one order for all processes, or two that write the same payments could wait for each other in a circle. */
const toColumns = (rows: readonly HistoryRow[]) =>
  rows
    .map(({ paymentId, orderId, userId, amount, discount, paidAt }) => {
      return [hexOf(paymentId), hexOf(orderId), userId, amount, discount, paidAt] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

interface Standing {
  readonly payment_id: Buffer;
  readonly order_id: Buffer;
  readonly user_id: Buffer;
  readonly amount: number;
  readonly discount: number;
  readonly paid_at: number;
}

const readStanding = async ({ rows: select }: Session, paymentIds: readonly PaymentId[]): Promise<Rows> => {
  const found = await select<Standing>(findStanding, [JSON.stringify(paymentIds.map(hexOf))]);
  // Every one of these was written from a checked row.
  const rows = found.map((row) => ({
    paymentId: uuidOf(row.payment_id) as PaymentId,
    orderId: uuidOf(row.order_id) as OrderId,
    userId: row.user_id.toString() as UserId,
    amount: row.amount as Won,
    discount: row.discount as Won,
    paidAt: row.paid_at,
  }));
  return new Map(rows.map((row) => [row.paymentId, row]));
};

const says = (standing: HistoryRow | undefined, row: HistoryRow): boolean => {
  if (standing === undefined) throw new RangeError(`payment ${row.paymentId} is neither new nor there`);
  return (
    standing === row ||
    (standing.orderId === row.orderId &&
      standing.userId === row.userId &&
      standing.amount === row.amount &&
      standing.discount === row.discount &&
      standing.paidAt === row.paidAt)
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
