/**
 * Forgets idempotency keys. It takes those that nobody holds (SKIP LOCKED), so it never waits; and whoever waits for nothing
 * is in no circle, whatever order payments and claims lock their keys in. They in turn wait for one that is being
 * forgotten, which takes milliseconds. READ COMMITTED locks no gaps: new keys go in beside the old ones meanwhile.
 */
import type { OldKeys } from "../../../processors/payments/payment-ports.ts";
import type { Database } from "../database.ts";
import { inTransaction } from "../session.ts";

// By the database's clock: the processes that write and prune need not agree on the time.
const nowMs = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

/** Its table's primary key is (user_id, key_hash), and its index `by_age` is on created_at. */
const statementsOf = (table: "payment_key" | "idempotency_key") => ({
  takeOld: `SELECT user_id, key_hash FROM ${table} WHERE created_at < ${nowMs} - CAST(? AS SIGNED)
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

const oldKeys = (database: Database, { takeOld, deleteTaken }: Statements): OldKeys => ({
  prune: (olderThanMs, maxRows) =>
    inTransaction(database, async ({ rows, change }) => {
      const taken = await rows<KeyColumns>(takeOld, [String(olderThanMs), String(maxRows)]);
      if (taken.length === 0) return 0;
      const keys = taken.map((row) => [row.user_id.toString("hex"), row.key_hash.toString("hex")]);
      return change(deleteTaken, [JSON.stringify(keys)]);
    }),
});

interface KeyColumns {
  readonly user_id: Buffer;
  readonly key_hash: Buffer;
}
