/** Rows about one reservation, one coupon or one user's coupons, each found by an index, for the story of a request. */
import type { CouponId, CouponRefused, PolicyId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { bytesOf } from "../../ids.ts";
import { columns, idColumn, integerColumn, joined, nullable, textColumn, uuidColumn } from "../columns/columns.ts";
import { policyColumns } from "../coupons/coupon-columns.ts";
import { reasonOfCode } from "../coupons/reason-codes.ts";
import type { Database } from "../database.ts";
import { withSession } from "../session.ts";

/** A coupon that a user has. */
export interface IssuedRow {
  readonly reservationId: ReservationId;
  readonly couponId: CouponId;
  readonly userId: UserId;
  readonly policyId: PolicyId;
  readonly isUsed: boolean;
  /** When its request was accepted, by the broker's clock, epoch ms. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** A refusal. */
export interface RefusedRow {
  readonly couponId: CouponId;
  readonly userId: UserId;
  readonly reason: CouponRefused["reason"];
  /** As {@link IssuedRow.issuedAt}. */
  readonly refusedAt: number;
}

/** A coupon with its terms. */
export interface CouponRow {
  readonly couponId: CouponId;
  readonly stock: number;
  readonly remaining: number;
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  readonly validForDays: number;
  readonly policyId: PolicyId;
  readonly name: string;
}

/** Reads by index. Everything throws Unavailable. */
export interface CouponRows {
  readonly issued: (id: ReservationId) => Promise<IssuedRow | undefined>;
  readonly refused: (id: ReservationId) => Promise<RefusedRow | undefined>;
  readonly coupon: (id: CouponId) => Promise<CouponRow | undefined>;
  /** How many rows say that it was issued: an index is counted, a million in some tenths of a second. */
  readonly countIssued: (id: CouponId) => Promise<number>;
  /** By which reservation a user has a coupon. */
  readonly holder: (couponId: CouponId, userId: UserId) => Promise<ReservationId | undefined>;
  /** A user's coupons, newest first: the index of each coupon is asked, so it costs some microseconds a coupon that there is. */
  readonly ofUser: (userId: UserId, limit: number) => Promise<readonly IssuedRow[]>;
}

const issuedColumns = joined(
  columns("user_coupon", {
    reservationId: uuidColumn<ReservationId>(),
    userId: idColumn<UserId>(),
    status: integerColumn(),
    issuedAt: integerColumn(),
    expiresAt: integerColumn(),
  }),
  joined(columns("coupon", { couponId: idColumn<CouponId>() }), policyColumns),
);
const issuedFrom = `FROM user_coupon
  JOIN coupon ON coupon.coupon_no = user_coupon.coupon_no
  JOIN policy_snapshot ON policy_snapshot.snapshot_no = user_coupon.snapshot_no`;
const selectIssued = `SELECT ${issuedColumns.list} ${issuedFrom} WHERE user_coupon.reservation_id = ?`;
const selectOfUser = `SELECT ${issuedColumns.list} FROM coupon
  STRAIGHT_JOIN user_coupon FORCE INDEX (one_a_user)
    ON user_coupon.coupon_no = coupon.coupon_no AND user_coupon.user_id = ?
  STRAIGHT_JOIN policy_snapshot ON policy_snapshot.snapshot_no = user_coupon.snapshot_no
  ORDER BY user_coupon.reservation_id DESC LIMIT ?`;

const refusedColumns = columns("refusal", {
  couponId: idColumn<CouponId>(),
  userId: idColumn<UserId>(),
  reason: integerColumn(),
  refusedAt: integerColumn(),
});
const selectRefused = `SELECT ${refusedColumns.list} FROM refusal WHERE refusal.reservation_id = ?`;

const couponColumns = joined(
  columns("coupon", {
    couponId: idColumn<CouponId>(),
    stock: integerColumn(),
    remaining: integerColumn(),
    opensAt: nullable(integerColumn()),
    closesAt: nullable(integerColumn()),
    validForDays: integerColumn(),
  }),
  columns("policy_snapshot", { policyId: idColumn<PolicyId>(), name: textColumn() }),
);
const selectCoupon = `SELECT ${couponColumns.list} FROM coupon
  JOIN policy_snapshot ON policy_snapshot.snapshot_no = coupon.snapshot_no WHERE coupon.coupon_id = ?`;

const counted = columns("counted", { issued: integerColumn() }, { issued: "COUNT(*)" });
const countIssued = `SELECT ${counted.list} FROM coupon
  JOIN user_coupon FORCE INDEX (one_a_user) ON user_coupon.coupon_no = coupon.coupon_no WHERE coupon.coupon_id = ?`;

const holderColumns = columns("user_coupon", { reservationId: uuidColumn<ReservationId>() });
const selectHolder = `SELECT ${holderColumns.list} FROM coupon
  JOIN user_coupon ON user_coupon.coupon_no = coupon.coupon_no AND user_coupon.user_id = ? WHERE coupon.coupon_id = ?`;

/** The rows of a database. */
export const couponRows = (database: Database): CouponRows => ({
  issued: (id) =>
    withSession(database, async ({ select }) => {
      const [row] = await select(issuedColumns, selectIssued, [bytesOf(id)]);
      return row === undefined ? undefined : toIssued(row);
    }),
  refused: (id) =>
    withSession(database, async ({ select }) => {
      const [row] = await select(refusedColumns, selectRefused, [bytesOf(id)]);
      return row === undefined ? undefined : { ...row, reason: reasonOfCode(row.reason) };
    }),
  coupon: (id) =>
    withSession(database, async ({ select }) => (await select(couponColumns, selectCoupon, [raw(id)]))[0]),
  countIssued: (id) =>
    withSession(database, async ({ select }) => (await select(counted, countIssued, [raw(id)]))[0]?.issued ?? 0),
  holder: (couponId, userId) =>
    withSession(database, async ({ select }) => {
      const [row] = await select(holderColumns, selectHolder, [raw(userId), raw(couponId)]);
      return row?.reservationId;
    }),
  ofUser: (userId, limit) =>
    withSession(database, async ({ select }) =>
      (await select(issuedColumns, selectOfUser, [raw(userId), limit])).map(toIssued),
    ),
});

/** Ids are compared byte for byte. */
const raw = (id: string): Buffer => Buffer.from(id);

const toIssued = ({ status, ...row }: Omit<IssuedRow, "isUsed"> & { readonly status: number }): IssuedRow => ({
  ...row,
  isUsed: status === 2,
});
