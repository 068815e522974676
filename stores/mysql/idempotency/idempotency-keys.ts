/** Remembers which reservation an idempotency key identifies, across all API processes. */
import { createHash } from "node:crypto";
import type { IdempotencyKeys, KeyAnswer, KeyClaim } from "../../../processors/coupons/coupon-ports.ts";
import { Fatal, Poison } from "../../../engine/errors.ts";
import type { ReservationId } from "../../../schemas/coupon.ts";
import { compareText, hexOf } from "../../ids.ts";
import { isUuid, isStorableUserId } from "../../../schemas/ids.ts";
import { nowMsSql } from "../clock.ts";
import { bytesColumn, columns, integerColumn, joined, type RowOf, uuidColumn } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { inTransaction } from "../session.ts";

/** Claims of one call at most. */
const claimsMax = 10_000;

const keyColumns = `user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
    key_hash CHAR(64) CHARACTER SET ascii PATH '$[1]'`;

const insertNew = `INSERT INTO idempotency_key (user_id, key_hash, fingerprint, reservation_id, created_at)
  SELECT claim.user_id, UNHEX(claim.key_hash), UNHEX(claim.fingerprint), UNHEX(claim.reservation_id), ${nowMsSql}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (${keyColumns},
    fingerprint CHAR(64) CHARACTER SET ascii PATH '$[2]',
    reservation_id CHAR(32) CHARACTER SET ascii PATH '$[3]')) AS claim
  ON DUPLICATE KEY UPDATE reservation_id = idempotency_key.reservation_id`;

const bound = joined(
  columns("wanted", { at: integerColumn() }),
  columns("idempotency_key", { fingerprint: bytesColumn(32), reservationId: uuidColumn<ReservationId>() }),
);

const findBound = `SELECT ${bound.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (at FOR ORDINALITY, ${keyColumns})) AS wanted
  STRAIGHT_JOIN idempotency_key ON idempotency_key.user_id = CAST(wanted.user_id AS BINARY)
    AND idempotency_key.key_hash = UNHEX(wanted.key_hash)`;

/** The {@link IdempotencyKeys} of a database. Claiming again with the same arguments answers the same. */
export const idempotencyKeys = (database: Database): IdempotencyKeys => ({
  claim: async (claims) => {
    if (claims.length === 0) return [];
    claims.forEach(checkClaim);
    if (claims.length > claimsMax) throw new Fatal("CLAIMS_TOO_MANY", `at most ${claimsMax}, got ${claims.length}`);
    return claimAll(database, claims);
  },
});

/** A claim as JSON_TABLE reads it. */
type Row = readonly [userId: string, keyHash: string, fingerprint: string, reservationId: string];

const claimAll = async (database: Database, claims: readonly KeyClaim[]): Promise<readonly KeyAnswer[]> => {
  const rows = claims.map(toRow);
  // In one order for all processes, or two that claim the same keys could wait for each other in a circle. The sort
  // looks at nothing but the key and is stable, so of one key twice in a call the first is the one that is bound.
  const sorted = rows.toSorted((a, b) => compareText(a[0], b[0]) || compareText(a[1], b[1]));
  return inTransaction(database, async ({ change, select }) => {
    const added = await change(insertNew, [JSON.stringify(sorted)]);
    if (added === claims.length) return claims.map(({ reservationId }) => ({ kind: "bound", reservationId }));
    const keys = rows.map(([userId, keyHash]) => [userId, keyHash]);
    const found = await select(bound, findBound, [JSON.stringify(keys)]);
    const byPlace = new Map(found.map((row) => [row.at, row]));
    return claims.map((claim, at) => answer(claim, byPlace.get(at + 1)));
  });
};

const answer = ({ userId, fingerprint }: KeyClaim, row: RowOf<typeof bound> | undefined): KeyAnswer => {
  if (row === undefined) throw new RangeError(`a key of user ${userId} was neither inserted nor found`);
  if (!row.fingerprint.equals(fingerprint)) return { kind: "mismatch" };
  return { kind: "bound", reservationId: row.reservationId };
};

const toRow = ({ userId, key, fingerprint, reservationId }: KeyClaim): Row => [
  userId,
  createHash("sha256").update(key).digest("hex"),
  fingerprint.toString("hex"),
  hexOf(reservationId),
];

const checkClaim = ({ userId, fingerprint, reservationId }: KeyClaim): void => {
  if (isStorableUserId(userId) && fingerprint.length === 32 && isUuid(reservationId)) return;
  throw new Poison(
    "BAD_CLAIM",
    `claim for reservation ${reservationId}: user id, fingerprint or reservation id is malformed`,
    {
      idempotencyKey: reservationId,
    },
  );
};
