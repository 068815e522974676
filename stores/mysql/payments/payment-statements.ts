/**
 * The SQL of payments. As in round-statements.ts, every statement is a constant that takes all payments of a
 * transaction as one JSON parameter, and finds and locks rows by their key in the order of that parameter.
 */
import type { Discount, ReservationId, UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import type { BoundKey, HeldCoupon, PaidOrder } from "../../../processors/payments/decide-payments.ts";
import type { OptionId, Payment } from "../../../processors/payments/payment-ports.ts";
import { hexOf, reservationIdOf, type Uuid, uuidOf } from "../../ids.ts";
import type { Session } from "../session.ts";

/** An idempotency key as its row has it. */
export interface KeyRow {
  readonly userId: UserId;
  readonly keyHash: Buffer;
  readonly fingerprint: Buffer;
  readonly paymentId: PaymentId;
}

// By the database's clock: no process's own decides when something was paid or has expired.
const nowMs = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED)";
const readNow = `SELECT ${nowMs} AS now`;

const userColumn = "user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
const idColumn = "id CHAR(32) CHARACTER SET ascii";
const wantedIds = `JSON_TABLE(?, '$[*]' COLUMNS (${idColumn} PATH '$')) AS wanted`;
const keyColumns = `${userColumn} PATH '$[0]', key_hash CHAR(64) CHARACTER SET ascii PATH '$[1]'`;

const insertKeys = `INSERT INTO payment_key (user_id, key_hash, fingerprint, payment_id, created_at)
  SELECT claim.user_id, UNHEX(claim.key_hash), UNHEX(claim.fingerprint), UNHEX(claim.id), ${nowMs}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (${keyColumns},
    fingerprint CHAR(64) CHARACTER SET ascii PATH '$[2]',
    ${idColumn} PATH '$[3]')) AS claim
  ON DUPLICATE KEY UPDATE payment_id = payment_key.payment_id`;

/**
 * Writes keys in the order given; answers how many were new. Waits for whoever writes one of them now. Only keys that
 * pay something are written: where several wait for one that is then rolled back, InnoDB calls it a deadlock.
 */
export const insertBound = (session: Session, keys: readonly KeyRow[]): Promise<number> => {
  const rows = keys.map(({ userId, keyHash, fingerprint, paymentId }) => [
    userId,
    keyHash.toString("hex"),
    fingerprint.toString("hex"),
    hexOf(paymentId),
  ]);
  return session.change(insertKeys, [JSON.stringify(rows)]);
};

const findBound = `SELECT wanted.at, payment_key.fingerprint,
    payment.payment_id, payment.order_id, payment.user_id, payment.amount, payment.discount, payment.paid_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS (at FOR ORDINALITY, ${keyColumns})) AS wanted
  STRAIGHT_JOIN payment_key ON payment_key.user_id = CAST(wanted.user_id AS BINARY)
    AND payment_key.key_hash = UNHEX(wanted.key_hash)
  STRAIGHT_JOIN payment ON payment.payment_id = payment_key.payment_id`;

/** What these keys have paid, by their place among them. */
export const readBound = async (
  session: Session,
  keys: readonly KeyRow[],
): Promise<readonly { readonly at: number; readonly bound: BoundKey }[]> => {
  const rows = await session.rows<PaymentColumns & { readonly at: number; readonly fingerprint: Buffer }>(findBound, [
    JSON.stringify(keys.map(({ userId, keyHash }) => [userId, keyHash.toString("hex")])),
  ]);
  return rows.map((row) => ({ at: row.at - 1, bound: { fingerprint: row.fingerprint, payment: toPayment(row) } }));
};

const lockOrdersSql = `SELECT customer_order.order_id, customer_order.user_id, customer_order.status
  FROM ${wantedIds} STRAIGHT_JOIN customer_order ON customer_order.order_id = UNHEX(wanted.id) FOR UPDATE`;

/** Orders that exist, locked in the order of these ids. */
export const lockOrders = async (session: Session, orderIds: readonly OrderId[]) => {
  const rows = await session.rows<{ readonly order_id: Buffer; readonly user_id: Buffer; readonly status: number }>(
    lockOrdersSql,
    [idsOf(orderIds)],
  );
  return rows.map((row) => ({
    orderId: uuidOf(row.order_id) as OrderId, // Of an id we asked for.
    userId: row.user_id.toString() as UserId, // Checked when the order was opened.
    paid: row.status !== beforePayment,
  }));
};

const beforePayment = 1;

const readItemsSql = `SELECT order_item.order_id, order_item.option_no, order_item.quantity, order_item.unit_price
  FROM ${wantedIds} STRAIGHT_JOIN order_item ON order_item.order_id = UNHEX(wanted.id)`;

/** The lines of orders; they never change. */
export const readItems = async (session: Session, orderIds: readonly OrderId[]) => {
  const rows = await session.rows<{
    readonly order_id: Buffer;
    readonly option_no: number;
    readonly quantity: number;
    readonly unit_price: number;
  }>(readItemsSql, [idsOf(orderIds)]);
  return rows.map((row) => ({
    orderId: uuidOf(row.order_id) as OrderId, // Of an id we asked for.
    optionNo: row.option_no,
    quantity: row.quantity,
    unitPrice: row.unit_price as Won, // Within its column's limits.
  }));
};

const readOrderCouponsSql = `SELECT order_coupon.order_id, order_coupon.reservation_id
  FROM ${wantedIds} STRAIGHT_JOIN order_coupon ON order_coupon.order_id = UNHEX(wanted.id)`;

/** The coupons that orders want to use; they never change. */
export const readOrderCoupons = async (session: Session, orderIds: readonly OrderId[]) => {
  const rows = await session.rows<{ readonly order_id: Buffer; readonly reservation_id: Buffer }>(readOrderCouponsSql, [
    idsOf(orderIds),
  ]);
  return rows.map((row) => ({
    orderId: uuidOf(row.order_id) as OrderId, // Of an id we asked for.
    reservationId: reservationIdOf(row.reservation_id),
  }));
};

const lockOptionsSql = `SELECT product_option.option_no, product_option.option_id, product_option.remaining
  FROM JSON_TABLE(?, '$[*]' COLUMNS (option_no INT UNSIGNED PATH '$')) AS wanted
  STRAIGHT_JOIN product_option ON product_option.option_no = wanted.option_no FOR UPDATE`;

/** Options, locked in the order of these numbers. */
export const lockOptions = async (session: Session, optionNos: readonly number[]) => {
  const rows = await session.rows<{
    readonly option_no: number;
    readonly option_id: Buffer;
    readonly remaining: number;
  }>(lockOptionsSql, [JSON.stringify(optionNos)]);
  return rows.map((row) => ({
    optionNo: row.option_no,
    optionId: row.option_id.toString() as OptionId, // Checked when the option was added.
    remaining: row.remaining,
  }));
};

const lockBalancesSql = `SELECT user_balance.user_id, user_balance.balance
  FROM JSON_TABLE(?, '$[*]' COLUMNS (${userColumn} PATH '$')) AS wanted
  STRAIGHT_JOIN user_balance ON user_balance.user_id = CAST(wanted.user_id AS BINARY) FOR UPDATE`;

/** Balances of the users who have an account, locked in the order of these ids. */
export const lockBalances = async (session: Session, userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, Won>> => {
  const rows = await session.rows<{ readonly user_id: Buffer; readonly balance: number }>(lockBalancesSql, [
    JSON.stringify(userIds),
  ]);
  // Ids we asked for; balances within their column's limits.
  return new Map(rows.map((row) => [row.user_id.toString() as UserId, row.balance as Won]));
};

const lockCouponsSql = `SELECT user_coupon.reservation_id, user_coupon.user_id, user_coupon.status,
    user_coupon.expires_at, user_coupon.snapshot_no
  FROM ${wantedIds}
  STRAIGHT_JOIN user_coupon ON user_coupon.reservation_id = UNHEX(wanted.id) FOR UPDATE`;

interface CouponColumns {
  readonly reservation_id: Buffer;
  readonly user_id: Buffer;
  readonly status: number;
  readonly expires_at: number;
  readonly snapshot_no: number;
}

// By itself: joined above, terms would be locked as well, in no order and for everybody who has a coupon of theirs.
const readTermsSql = `SELECT policy_snapshot.snapshot_no, policy_snapshot.discount_amount,
    policy_snapshot.discount_percent, policy_snapshot.min_order_amount
  FROM JSON_TABLE(?, '$[*]' COLUMNS (snapshot_no INT UNSIGNED PATH '$')) AS wanted
  STRAIGHT_JOIN policy_snapshot ON policy_snapshot.snapshot_no = wanted.snapshot_no`;

interface TermsColumns {
  readonly snapshot_no: number;
  readonly discount_amount: number;
  readonly discount_percent: number | null;
  readonly min_order_amount: number;
}

/** The coupons that exist, locked in the order of these ids, with the terms they were issued under. */
export const lockUserCoupons = async (
  session: Session,
  reservationIds: readonly ReservationId[],
): Promise<ReadonlyMap<ReservationId, HeldCoupon>> => {
  const rows = await session.rows<CouponColumns>(lockCouponsSql, [idsOf(reservationIds)]);
  const snapshots = [...new Set(rows.map((row) => row.snapshot_no))];
  const terms = await session.rows<TermsColumns>(readTermsSql, [JSON.stringify(snapshots)]);
  const byNumber = new Map(terms.map((row) => [row.snapshot_no, row]));
  return new Map(
    rows.flatMap((row) => {
      const own = byNumber.get(row.snapshot_no);
      return own === undefined ? [] : [[reservationIdOf(row.reservation_id), toHeldCoupon(row, own)]];
    }),
  );
};

const issuedCoupon = 1;

/** Ids and amounts were checked when the coupon was opened and issued; the casts give them their names back. */
const toHeldCoupon = (row: CouponColumns, terms: TermsColumns): HeldCoupon => ({
  userId: row.user_id.toString() as UserId,
  used: row.status !== issuedCoupon,
  expiresAt: row.expires_at,
  discount: toDiscount(terms),
  minOrderAmount: terms.min_order_amount as Won,
});

/** A CHECK of the table lets only a percent discount, and every one of those, have a percentage. */
const toDiscount = ({ discount_percent: percent, discount_amount }: TermsColumns): Discount =>
  percent === null
    ? { kind: "fixed", amount: discount_amount as Won }
    : { kind: "percent", percent, maxAmount: discount_amount as Won };

/** The database's time, epoch ms. */
export const readClock = async (session: Session): Promise<number> => {
  const [row] = await session.rows<{ readonly now: number }>(readNow, []);
  if (row === undefined) throw new RangeError("the database has no time");
  return row.now;
};

const payOrdersSql = `UPDATE ${wantedIds}
  STRAIGHT_JOIN customer_order ON customer_order.order_id = UNHEX(wanted.id)
  SET customer_order.status = 2 WHERE customer_order.status = 1`;

/** BEFORE_PAYMENT becomes AFTER_PAYMENT; answers for how many orders. */
export const payOrders = (session: Session, orderIds: readonly OrderId[]): Promise<number> =>
  session.change(payOrdersSql, [idsOf(orderIds)]);

const takeOptionsSql = `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
    option_no INT UNSIGNED PATH '$[0]', units BIGINT UNSIGNED PATH '$[1]')) AS taken
  STRAIGHT_JOIN product_option ON product_option.option_no = taken.option_no
  SET product_option.remaining = product_option.remaining - taken.units
  WHERE product_option.remaining >= taken.units`;

/** Takes units of options, by number; answers of how many options it could. Units are 1 or more. */
export const takeOptions = (session: Session, units: ReadonlyMap<number, number>): Promise<number> =>
  session.change(takeOptionsSql, [JSON.stringify([...units])]);

const takeBalancesSql = `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
    ${userColumn} PATH '$[0]', amount BIGINT UNSIGNED PATH '$[1]')) AS taken
  STRAIGHT_JOIN user_balance ON user_balance.user_id = CAST(taken.user_id AS BINARY)
  SET user_balance.balance = user_balance.balance - taken.amount
  WHERE user_balance.balance >= taken.amount`;

/** Takes won from balances; answers from how many it could. Amounts are 1 or more. */
export const takeBalances = (session: Session, amounts: ReadonlyMap<UserId, number>): Promise<number> =>
  session.change(takeBalancesSql, [JSON.stringify([...amounts])]);

const useCouponsSql = `UPDATE ${wantedIds}
  STRAIGHT_JOIN user_coupon ON user_coupon.reservation_id = UNHEX(wanted.id)
  SET user_coupon.status = 2 WHERE user_coupon.status = 1`;

/** ISSUED becomes USED; answers for how many coupons. */
export const markUsed = (session: Session, reservationIds: readonly ReservationId[]): Promise<number> =>
  session.change(useCouponsSql, [idsOf(reservationIds)]);

const insertPaymentsSql = `INSERT INTO payment (payment_id, order_id, user_id, amount, discount, paid_at)
  SELECT UNHEX(paid.id), UNHEX(paid.order_id), paid.user_id, paid.amount, paid.discount, paid.paid_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    ${idColumn} PATH '$[0]',
    order_id CHAR(32) CHARACTER SET ascii PATH '$[1]',
    ${userColumn} PATH '$[2]',
    amount BIGINT UNSIGNED PATH '$[3]',
    discount BIGINT UNSIGNED PATH '$[4]',
    paid_at BIGINT UNSIGNED PATH '$[5]')) AS paid`;

/** Writes payments. One whose order has one already is an error, and ends the transaction. */
export const insertPayments = (session: Session, paid: readonly PaidOrder[]): Promise<number> => {
  const rows = paid.map(({ payment: { paymentId, orderId, userId, amount, discount, paidAt } }) => [
    hexOf(paymentId),
    hexOf(orderId),
    userId,
    amount,
    discount,
    paidAt,
  ]);
  return session.change(insertPaymentsSql, [JSON.stringify(rows)]);
};

const insertOutboxSql = `INSERT INTO outbox (payment_id) SELECT UNHEX(wanted.id) FROM ${wantedIds}`;

/** Writes what the log is to be told. */
export const insertOutbox = (session: Session, paid: readonly PaidOrder[]): Promise<number> =>
  session.change(insertOutboxSql, [idsOf(paid.map(({ payment }) => payment.paymentId))]);

const findPayments = `SELECT payment.payment_id, payment.order_id, payment.user_id, payment.amount, payment.discount,
    payment.paid_at
  FROM ${wantedIds} STRAIGHT_JOIN payment ON payment.payment_id = UNHEX(wanted.id)`;

/** The columns of a payment. */
export interface PaymentColumns {
  readonly payment_id: Buffer;
  readonly order_id: Buffer;
  readonly user_id: Buffer;
  readonly amount: number;
  readonly discount: number;
  readonly paid_at: number;
}

/** Ids and amounts were checked when they were written; the casts give them their names back. */
export const toPayment = (row: PaymentColumns): Payment => ({
  paymentId: uuidOf(row.payment_id) as PaymentId,
  orderId: uuidOf(row.order_id) as OrderId,
  userId: row.user_id.toString() as UserId,
  amount: row.amount as Won,
  discount: row.discount as Won,
  paidAt: row.paid_at,
});

/** The payments there are of these. */
export const readPayments = async (session: Session, paymentIds: readonly PaymentId[]): Promise<readonly Payment[]> =>
  (await session.rows<PaymentColumns>(findPayments, [idsOf(paymentIds)])).map(toPayment);

const idsOf = (ids: readonly Uuid[]): string => JSON.stringify(ids.map(hexOf));
