/** Remembers which reservation an idempotency key stands for, across all API processes. */
import { createHash } from "node:crypto";
import type { IdempotencyKeys, KeyAnswer, KeyClaim } from "../../../processors/coupons/coupon-ports.ts";
import { Fatal, Poison } from "../../../engine/errors.ts";
import { hexOf, isReservationId, isStorableId, reservationIdOf } from "../../ids.ts";
import type { Database } from "../database.ts";
import { inTransaction } from "../session.ts";

/** Claims of one call at most. */
const claimsMax = 10_000;

const columns = `user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
    key_hash CHAR(64) CHARACTER SET ascii PATH '$[1]'`;

// By the database's clock: the processes that write and prune need not agree on the time.
const nowMs = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED)";

const insertNew = `INSERT INTO idempotency_key (user_id, key_hash, fingerprint, reservation_id, created_at)
  SELECT claim.user_id, UNHEX(claim.key_hash), UNHEX(claim.fingerprint), UNHEX(claim.reservation_id), ${nowMs}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (${columns},
    fingerprint CHAR(64) CHARACTER SET ascii PATH '$[2]',
    reservation_id CHAR(32) CHARACTER SET ascii PATH '$[3]')) AS claim
  ON DUPLICATE KEY UPDATE reservation_id = idempotency_key.reservation_id`;

const findBound = `SELECT wanted.at, idempotency_key.fingerprint, idempotency_key.reservation_id
  FROM JSON_TABLE(?, '$[*]' COLUMNS (at FOR ORDINALITY, ${columns})) AS wanted
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
  // looks at the key alone and is stable, so of one key twice in a call the first is the one that is bound.
  const sorted = rows.toSorted((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return inTransaction(database, async ({ change, rows: select }) => {
    const added = await change(insertNew, [JSON.stringify(sorted)]);
    if (added === claims.length) return claims.map(({ reservationId }) => ({ kind: "bound", reservationId }));
    const bound = await select<Bound>(findBound, [JSON.stringify(rows.map(([userId, keyHash]) => [userId, keyHash]))]);
    const byPlace = new Map(bound.map((row) => [row.at, row]));
    return claims.map((claim, at) => answer(claim, byPlace.get(at + 1)));
  });
};

interface Bound {
  readonly at: number;
  readonly fingerprint: Buffer;
  readonly reservation_id: Buffer;
}

const answer = ({ userId, fingerprint }: KeyClaim, bound: Bound | undefined): KeyAnswer => {
  if (bound === undefined) throw new RangeError(`a key of user ${userId} is neither new nor there`);
  if (!bound.fingerprint.equals(fingerprint)) return { kind: "mismatch" };
  return { kind: "bound", reservationId: reservationIdOf(bound.reservation_id) };
};

const toRow = ({ userId, key, fingerprint, reservationId }: KeyClaim): Row => [
  userId,
  createHash("sha256").update(key).digest("hex"),
  fingerprint.toString("hex"),
  hexOf(reservationId),
];

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const checkClaim = ({ userId, fingerprint, reservationId }: KeyClaim): void => {
  if (isStorableId(userId) && fingerprint.length === 32 && isReservationId(reservationId)) return;
  throw new Poison(
    "BAD_CLAIM",
    `claim for reservation ${reservationId}: user id, fingerprint or reservation id is malformed`,
    {
      idempotencyKey: reservationId,
    },
  );
};
