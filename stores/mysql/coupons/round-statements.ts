/**
 * The SQL of a round. Every statement is a constant that takes the whole round as one JSON parameter and reads it with
 * JSON_TABLE, so nothing is ever spliced, a round of any size is one prepared statement, and a row costs little.
 *
 * Measured on MariaDB 10.11, 2 cores, flush at every commit, rows of 1,000 into a table of 300,000, one connection:
 * JSON_TABLE 140-160k rows/s at 0.8 us of Node CPU a row; 6,000 placeholders 130-155k at 2-3 us; VALUES escaped by the
 * client 115-155k at 2-6 us. Fixed-width records cut from one binary parameter reach 150-190k at 0.5-1 us, but cannot
 * be read by a person; the database is not where the time goes.
 *
 * JSON_TABLE comes first in every join (STRAIGHT_JOIN or LEFT JOIN): rows are found, and locked, by their key, one by
 * one in the order of the parameter, whatever the optimizer thinks of a small table. CAST(... AS BINARY) compares ids
 * byte for byte, in the index.
 */
import type { Issue, OwnedVerdict, Refusal, Take } from "../../../processors/coupons/coupon-ports.ts";
import { Fatal } from "../../../engine/errors.ts";
import type { CouponId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { hexOf } from "../../ids.ts";
import { holderKey } from "../../../processors/coupons/allocate-coupons.ts";
import { columns, idColumn, integerColumn, joined, optional, type RowOf, uuidColumn } from "../columns/columns.ts";
import { policyColumns } from "./coupon-columns.ts";
import { issueRows } from "./issue-rows.ts";
import { codeOfReason, reasonOfCode } from "./reason-codes.ts";
import type { Session } from "../session.ts";

/** A coupon's row, locked until the transaction ends. */
export interface LockedCoupon {
  readonly couponNo: number;
  readonly snapshotNo: number;
  readonly remaining: number;
}

const wantedCoupons = `JSON_TABLE(?, '$[*]' COLUMNS (
    coupon_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')) AS wanted
  STRAIGHT_JOIN coupon ON coupon.coupon_id = CAST(wanted.coupon_id AS BINARY)`;

const lockedColumns = columns("coupon", {
  couponId: idColumn<CouponId>(),
  couponNo: integerColumn(),
  snapshotNo: integerColumn(),
  remaining: integerColumn(),
});

const lockToTake = `SELECT ${lockedColumns.list} FROM ${wantedCoupons} FOR UPDATE`;

const couponNumber = columns("coupon", { couponNo: integerColumn(), couponId: idColumn<CouponId>() });
const lockToRefuse = `SELECT ${couponNumber.list} FROM ${wantedCoupons} LOCK IN SHARE MODE`;

/** Sorted, so that all rounds lock in one order and none waits for another in a circle. */
const sortedIds = (rows: readonly { readonly couponId: CouponId }[]): string =>
  JSON.stringify([...new Set(rows.map(couponIdOf))].sort());

const couponIdOf = ({ couponId }: { readonly couponId: CouponId }): CouponId => couponId;

/** Locks the coupons of a round to take from them; those that don't exist are absent. */
export const lockCoupons = async (
  session: Session,
  issues: readonly Issue[],
): Promise<ReadonlyMap<CouponId, LockedCoupon>> => {
  const rows = await session.select(lockedColumns, lockToTake, [sortedIds(issues)]);
  return new Map(rows.map((row) => [row.couponId, row]));
};

/**
 * Keeps every round that issues these coupons out until the transaction ends, so that a reservation can't be issued by
 * one process and refused by another at the same moment. Refusals of one coupon don't keep each other out. Answers the
 * numbers of the coupons that exist.
 */
export const lockOutIssuing = async (
  session: Session,
  refusals: readonly Refusal[],
): Promise<ReadonlyMap<CouponId, number>> => {
  const rows = await session.select(couponNumber, lockToRefuse, [sortedIds(refusals)]);
  return new Map(rows.map(({ couponId, couponNo }) => [couponId, couponNo]));
};

/**
 * A row whose reservation or whose coupon and user is there already is left unchanged and not counted: unlike INSERT
 * IGNORE, which would also swallow values that don't fit. One with a refusal is not even tried.
 */
const insertIssues = `INSERT INTO user_coupon (reservation_id, coupon_no, user_id, snapshot_no, issued_at, expires_at)
  SELECT UNHEX(round.id), round.coupon_no, round.user_id, round.snapshot_no, round.issued_at, round.expires_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    id CHAR(32) CHARACTER SET ascii PATH '$[0]',
    coupon_no INT UNSIGNED PATH '$[1]',
    user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[2]',
    snapshot_no INT UNSIGNED PATH '$[3]',
    issued_at BIGINT UNSIGNED PATH '$[4]',
    expires_at BIGINT UNSIGNED PATH '$[5]')) AS round
  LEFT JOIN refusal ON refusal.reservation_id = UNHEX(round.id)
  WHERE refusal.reservation_id IS NULL
  ON DUPLICATE KEY UPDATE reservation_id = user_coupon.reservation_id`;

/** Writes user coupons; answers how many were new. All of them, where nothing was known about any. */
export const insertIssued = (
  session: Session,
  issues: readonly Issue[],
  coupons: ReadonlyMap<CouponId, LockedCoupon>,
): Promise<number> => session.change(insertIssues, [issueRows(issues, coupons)]);

const takeFrom = `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
    coupon_no INT UNSIGNED PATH '$[0]',
    units INT UNSIGNED PATH '$[1]')) AS taken
  STRAIGHT_JOIN coupon ON coupon.coupon_no = taken.coupon_no
  SET coupon.remaining = coupon.remaining - taken.units
  WHERE coupon.remaining >= taken.units`;

/** Takes units from coupons; answers of how many coupons it could. `units` are 1 or more, by coupon number. */
export const takeUnits = (session: Session, units: ReadonlyMap<number, number>): Promise<number> =>
  session.change(takeFrom, [JSON.stringify([...units])]);

const insertRefusals = `INSERT INTO refusal (reservation_id, coupon_id, user_id, reason, refused_at)
  SELECT UNHEX(round.id), round.coupon_id, round.user_id, round.reason, round.refused_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    id CHAR(32) CHARACTER SET ascii PATH '$[0]',
    coupon_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[1]',
    user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[2]',
    reason TINYINT UNSIGNED PATH '$[3]',
    refused_at BIGINT UNSIGNED PATH '$[4]',
    coupon_no INT UNSIGNED PATH '$[5]' NULL ON EMPTY)) AS round
  LEFT JOIN user_coupon ON user_coupon.reservation_id = UNHEX(round.id)
  LEFT JOIN user_coupon AS holder
    ON holder.coupon_no = round.coupon_no AND holder.user_id = CAST(round.user_id AS BINARY)
  WHERE user_coupon.reservation_id IS NULL AND holder.reservation_id IS NULL
  ON DUPLICATE KEY UPDATE reservation_id = refusal.reservation_id`;

/**
 * Writes refusals of reservations that have no verdict; answers how many were new. One as SOLD_OUT of a coupon in `couponNumbers`
 * is written only where its user does not have the coupon.
 */
export const insertRefused = (
  session: Session,
  refusals: readonly Refusal[],
  couponNumbers: ReadonlyMap<CouponId, number> = new Map(),
): Promise<number> => {
  const rows = refusals.map(({ reservationId, couponId, userId, reason, refusedAt }) => [
    hexOf(reservationId),
    couponId,
    userId,
    codeOfReason(reason),
    refusedAt,
    ...(reason === "SOLD_OUT" && couponNumbers.has(couponId) ? [couponNumbers.get(couponId)] : []),
  ]);
  return session.change(insertRefusals, [JSON.stringify(rows)]);
};

const verdictColumns = joined(
  columns(
    "verdict",
    { reservationId: uuidColumn<ReservationId>(), couponId: idColumn<CouponId>(), userId: idColumn<UserId>() },
    {
      reservationId: "UNHEX(wanted.id)",
      couponId: "COALESCE(coupon.coupon_id, refusal.coupon_id)",
      userId: "COALESCE(user_coupon.user_id, refusal.user_id)",
    },
  ),
  joined(
    optional(
      "issued",
      "policy_id",
      joined(policyColumns, columns("user_coupon", { issuedAt: integerColumn(), expiresAt: integerColumn() })),
    ),
    optional("refused", "reason", columns("refusal", { reason: integerColumn(), refusedAt: integerColumn() })),
  ),
);

const findVerdicts = `SELECT ${verdictColumns.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) CHARACTER SET ascii PATH '$')) AS wanted
  LEFT JOIN user_coupon ON user_coupon.reservation_id = UNHEX(wanted.id)
  LEFT JOIN coupon ON coupon.coupon_no = user_coupon.coupon_no
  LEFT JOIN policy_snapshot ON policy_snapshot.snapshot_no = user_coupon.snapshot_no
  LEFT JOIN refusal ON refusal.reservation_id = UNHEX(wanted.id)
  WHERE user_coupon.reservation_id IS NOT NULL OR refusal.reservation_id IS NOT NULL`;

/** The verdicts there are for these reservations, with whose they are. */
export const readVerdicts = async (
  session: Session,
  asked: readonly { readonly reservationId: ReservationId }[],
): Promise<ReadonlyMap<ReservationId, OwnedVerdict>> => {
  const wanted = JSON.stringify(asked.map(({ reservationId }) => hexOf(reservationId)));
  const rows = await session.select(verdictColumns, findVerdicts, [wanted]);
  return new Map(rows.map((row) => [row.reservationId, toVerdict(row)]));
};

/** Where a reservation has both rows, which no transaction writes, the issued one counts. */
const toVerdict = ({ couponId, userId, issued, refused }: RowOf<typeof verdictColumns>): OwnedVerdict => {
  if (issued !== null) return { kind: "issued", couponId, userId, ...issued };
  if (refused === null) throw new Fatal("VERDICT_LOST", `a user coupon of coupon ${couponId} has no policy`);
  return { kind: "refused", couponId, userId, reason: reasonOfCode(refused.reason), refusedAt: refused.refusedAt };
};

const holderColumns = joined(
  columns("wanted", { at: integerColumn() }),
  columns("user_coupon", { reservationId: uuidColumn<ReservationId>() }),
);

const findHolders = `SELECT ${holderColumns.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    at FOR ORDINALITY,
    coupon_no INT UNSIGNED PATH '$[0]',
    user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[1]')) AS wanted
  STRAIGHT_JOIN user_coupon
    ON user_coupon.coupon_no = wanted.coupon_no AND user_coupon.user_id = CAST(wanted.user_id AS BINARY)`;

/** By which reservation the users of a round hold its coupons already, by {@link holderKey}. */
export const readHolders = async (
  session: Session,
  issues: readonly Pick<Take, "couponId" | "userId">[],
  couponNumbers: ReadonlyMap<CouponId, number>,
): Promise<ReadonlyMap<string, ReservationId>> => {
  const wanted = issues.map(({ couponId, userId }) => [couponNumbers.get(couponId), userId]);
  const rows = await session.select(holderColumns, findHolders, [JSON.stringify(wanted)]);
  return new Map(
    rows.flatMap(({ at, reservationId }) => {
      const issue = issues[at - 1];
      return issue ? [[holderKey(issue.couponId, issue.userId), reservationId] as const] : [];
    }),
  );
};
