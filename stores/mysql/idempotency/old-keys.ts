/**
 * Forgets idempotency keys. It takes those that no session holds (SKIP LOCKED), so it never waits, and cannot be part of a
 * deadlock, whatever order payments and claims lock their keys in. They in turn wait for one that is being
 * forgotten, which takes milliseconds. READ COMMITTED locks no gaps: new keys go in beside the old ones meanwhile.
 */
import type { OldKeys } from "../../../processors/payments/payment-ports.ts";
import { nowMsSql } from "../clock.ts";
import { bytesColumn, columns } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { inTransaction } from "../session.ts";

/** Its table's primary key is (user_id, key_hash), and its index `by_age` is on created_at. */
const statementsOf = (table: "payment_key" | "idempotency_key") => ({
  keys: columns(table, { userId: bytesColumn(), keyHash: bytesColumn() }),
  takeOld: `SELECT user_id, key_hash FROM ${table} WHERE created_at < ${nowMsSql} - CAST(? AS SIGNED)
    ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED`,
  deleteTaken: `DELETE old FROM JSON_TABLE(?, '$[*]' COLUMNS (
      user_id VARCHAR(512) CHARACTER SET ascii PATH '$[0]',
      key_hash CHAR(64) CHARACTER SET ascii PATH '$[1]')) AS taken
    STRAIGHT_JOIN ${table} AS old ON old.user_id = UNHEX(taken.user_id) AND old.key_hash = UNHEX(taken.key_hash)`,
});

type Statements = ReturnType<typeof statementsOf>;

const ofPayments = statementsOf("payment_key");
const ofCoupons = statementsOf("idempotency_key");

/** The {@link OldKeys} of payments. */
export const oldPaymentKeys = (database: Database): OldKeys => oldKeys(database, ofPayments);

/** The {@link OldKeys} of requests for coupons. */
export const oldCouponKeys = (database: Database): OldKeys => oldKeys(database, ofCoupons);

const oldKeys = (database: Database, { keys, takeOld, deleteTaken }: Statements): OldKeys => ({
  prune: (olderThanMs, maxRows) =>
    inTransaction(database, async ({ select, change }) => {
      const taken = await select(keys, takeOld, [String(olderThanMs), String(maxRows)]);
      if (taken.length === 0) return 0;
      const hexes = taken.map(({ userId, keyHash }) => [userId.toString("hex"), keyHash.toString("hex")]);
      return change(deleteTaken, [JSON.stringify(hexes)]);
    }),
});
