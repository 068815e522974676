/**
 * The SQL of payments. As in round-statements.ts, every statement is a constant that takes all payments of a
 * transaction as one JSON parameter, and finds and locks rows by their key in the order of that parameter.
 */
import type { ReservationId, UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import type { BoundKey, UserCoupon, PaidOrder } from "../../../processors/payments/decide-payments.ts";
import type { OptionId, Payment } from "../../../processors/payments/payment-ports.ts";
import { hexOf, type Uuid } from "../../ids.ts";
import { nowMsSql } from "../clock.ts";
import { bytesColumn, columns, idColumn, integerColumn, joined, uuidColumn, wonColumn } from "../columns/columns.ts";
import { discountColumns, toTerms } from "../coupons/coupon-columns.ts";
import { insertedColumns, paymentColumns, paymentsFromJson, toPaymentRow } from "./payment-columns.ts";
import type { Session } from "../session.ts";

/** An idempotency key as its row has it. */
export interface KeyRow {
  readonly userId: UserId;
  readonly keyHash: Buffer;
  readonly fingerprint: Buffer;
  readonly paymentId: PaymentId;
}

const userIdColumn = "user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
const hexColumn = "id CHAR(32) CHARACTER SET ascii";
const wantedIds = `JSON_TABLE(?, '$[*]' COLUMNS (${hexColumn} PATH '$')) AS wanted`;
const keyColumns = `${userIdColumn} PATH '$[0]', key_hash CHAR(64) CHARACTER SET ascii PATH '$[1]'`;

const insertKeys = `INSERT INTO payment_key (user_id, key_hash, fingerprint, payment_id, created_at)
  SELECT claim.user_id, UNHEX(claim.key_hash), UNHEX(claim.fingerprint), UNHEX(claim.id), ${nowMsSql}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (${keyColumns},
    fingerprint CHAR(64) CHARACTER SET ascii PATH '$[2]',
    ${hexColumn} PATH '$[3]')) AS claim
  ON DUPLICATE KEY UPDATE payment_id = payment_key.payment_id`;

/**
 * Writes keys in the order given; answers how many were new. Waits for a session that writes one of them now. Only keys that
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

const payment = paymentColumns("payment");

const boundColumns = joined(
  joined(columns("wanted", { at: integerColumn() }), columns("payment_key", { fingerprint: bytesColumn(32) })),
  payment,
);

const findBound = `SELECT ${boundColumns.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (at FOR ORDINALITY, ${keyColumns})) AS wanted
  STRAIGHT_JOIN payment_key ON payment_key.user_id = CAST(wanted.user_id AS BINARY)
    AND payment_key.key_hash = UNHEX(wanted.key_hash)
  STRAIGHT_JOIN payment ON payment.payment_id = payment_key.payment_id`;

/** What these keys have paid, by their place among them. */
export const readBound = async (
  session: Session,
  keys: readonly KeyRow[],
): Promise<readonly { readonly at: number; readonly bound: BoundKey }[]> => {
  const wanted = JSON.stringify(keys.map(({ userId, keyHash }) => [userId, keyHash.toString("hex")]));
  const rows = await session.select(boundColumns, findBound, [wanted]);
  return rows.map(({ at, fingerprint, ...paid }) => ({ at: at - 1, bound: { fingerprint, payment: paid } }));
};

const orderColumns = columns("customer_order", {
  orderId: uuidColumn<OrderId>(),
  userId: idColumn<UserId>(),
  status: integerColumn(),
});

const lockOrdersSql = `SELECT ${orderColumns.list}
  FROM ${wantedIds} STRAIGHT_JOIN customer_order ON customer_order.order_id = UNHEX(wanted.id) FOR UPDATE`;

/** Orders that exist, locked in the order of these ids. */
export const lockOrders = async (session: Session, orderIds: readonly OrderId[]) => {
  const rows = await session.select(orderColumns, lockOrdersSql, [idsOf(orderIds)]);
  return rows.map(({ orderId, userId, status }) => ({ orderId, userId, paid: status !== beforePayment }));
};

const beforePayment = 1;

const itemColumns = columns("order_item", {
  orderId: uuidColumn<OrderId>(),
  optionNo: integerColumn(),
  quantity: integerColumn(),
  unitPrice: wonColumn(),
});

const readItemsSql = `SELECT ${itemColumns.list}
  FROM ${wantedIds} STRAIGHT_JOIN order_item ON order_item.order_id = UNHEX(wanted.id)`;

/** The lines of orders; they never change. */
export const readItems = (session: Session, orderIds: readonly OrderId[]) =>
  session.select(itemColumns, readItemsSql, [idsOf(orderIds)]);

const orderCouponColumns = columns("order_coupon", {
  orderId: uuidColumn<OrderId>(),
  reservationId: uuidColumn<ReservationId>(),
});

const readOrderCouponsSql = `SELECT ${orderCouponColumns.list}
  FROM ${wantedIds} STRAIGHT_JOIN order_coupon ON order_coupon.order_id = UNHEX(wanted.id)`;

/** The coupons that orders want to use; they never change. */
export const readOrderCoupons = (session: Session, orderIds: readonly OrderId[]) =>
  session.select(orderCouponColumns, readOrderCouponsSql, [idsOf(orderIds)]);

const optionColumns = columns("product_option", {
  optionNo: integerColumn(),
  optionId: idColumn<OptionId>(),
  remaining: integerColumn(),
});

const lockOptionsSql = `SELECT ${optionColumns.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (option_no INT UNSIGNED PATH '$')) AS wanted
  STRAIGHT_JOIN product_option ON product_option.option_no = wanted.option_no FOR UPDATE`;

/** Options, locked in the order of these numbers. */
export const lockOptions = (session: Session, optionNos: readonly number[]) =>
  session.select(optionColumns, lockOptionsSql, [JSON.stringify(optionNos)]);

const balanceColumns = columns("user_balance", { userId: idColumn<UserId>(), balance: wonColumn() });

const lockBalancesSql = `SELECT ${balanceColumns.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (${userIdColumn} PATH '$')) AS wanted
  STRAIGHT_JOIN user_balance ON user_balance.user_id = CAST(wanted.user_id AS BINARY) FOR UPDATE`;

/** Balances of the users who have an account, locked in the order of these ids. */
export const lockBalances = async (session: Session, userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, Won>> => {
  const rows = await session.select(balanceColumns, lockBalancesSql, [JSON.stringify(userIds)]);
  return new Map(rows.map(({ userId, balance }) => [userId, balance]));
};

const userCouponColumns = columns("user_coupon", {
  reservationId: uuidColumn<ReservationId>(),
  userId: idColumn<UserId>(),
  status: integerColumn(),
  expiresAt: integerColumn(),
  snapshotNo: integerColumn(),
});

const lockCouponsSql = `SELECT ${userCouponColumns.list}
  FROM ${wantedIds}
  STRAIGHT_JOIN user_coupon ON user_coupon.reservation_id = UNHEX(wanted.id) FOR UPDATE`;

const termsColumns = joined(columns("policy_snapshot", { snapshotNo: integerColumn() }), discountColumns);

// A statement of its own: if they were joined above, terms would be locked too, for every user who has a coupon of theirs.
const readTermsSql = `SELECT ${termsColumns.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (snapshot_no INT UNSIGNED PATH '$')) AS wanted
  STRAIGHT_JOIN policy_snapshot ON policy_snapshot.snapshot_no = wanted.snapshot_no`;

/** The coupons that exist, locked in the order of these ids, with the terms they were issued under. */
export const lockUserCoupons = async (
  session: Session,
  reservationIds: readonly ReservationId[],
): Promise<ReadonlyMap<ReservationId, UserCoupon>> => {
  const rows = await session.select(userCouponColumns, lockCouponsSql, [idsOf(reservationIds)]);
  const snapshots = [...new Set(rows.map(({ snapshotNo }) => snapshotNo))];
  const terms = await session.select(termsColumns, readTermsSql, [JSON.stringify(snapshots)]);
  const byNumber = new Map(terms.map((row) => [row.snapshotNo, toTerms(row)]));
  return new Map(
    rows.flatMap(({ reservationId, userId, status, expiresAt, snapshotNo }) => {
      const own = byNumber.get(snapshotNo);
      if (own === undefined) return [];
      return [[reservationId, { userId, used: status !== issuedCoupon, expiresAt, ...own }] as const];
    }),
  );
};

const issuedCoupon = 1;

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
    ${userIdColumn} PATH '$[0]', amount BIGINT UNSIGNED PATH '$[1]')) AS taken
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

const insertPaymentsSql = `INSERT INTO payment (${insertedColumns}) ${paymentsFromJson}`;

/** Writes payments. One whose order has one already is an error, and ends the transaction. */
export const insertPayments = (session: Session, paid: readonly PaidOrder[]): Promise<number> =>
  session.change(insertPaymentsSql, [JSON.stringify(paid.map((one) => toPaymentRow(one.payment)))]);

const insertOutboxSql = `INSERT INTO outbox (payment_id) SELECT UNHEX(wanted.id) FROM ${wantedIds}`;

const insertTracedSql = `INSERT INTO outbox (payment_id, traceparent) SELECT UNHEX(paid.id), paid.traceparent
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    ${hexColumn} PATH '$[0]', traceparent CHAR(55) CHARACTER SET ascii PATH '$[1]')) AS paid`;

/** Writes what is to be published: the statement says nothing of traces where none of these is recorded. */
export const insertOutbox = (session: Session, paid: readonly PaidOrder[]): Promise<number> => {
  if (paid.every(({ traceparent }) => traceparent === undefined))
    return session.change(insertOutboxSql, [idsOf(paid.map((one) => one.payment.paymentId))]);
  const rows = paid.map((one) => [hexOf(one.payment.paymentId), one.traceparent ?? null]);
  return session.change(insertTracedSql, [JSON.stringify(rows)]);
};

const findPayments = `SELECT ${payment.list} FROM ${wantedIds} STRAIGHT_JOIN payment ON payment.payment_id = UNHEX(wanted.id)`;

/** The payments there are of these. */
export const readPayments = (session: Session, paymentIds: readonly PaymentId[]): Promise<readonly Payment[]> =>
  session.select(payment, findPayments, [idsOf(paymentIds)]);

const idsOf = (ids: readonly Uuid[]): string => JSON.stringify(ids.map(hexOf));
