/**
 * Forgets refusals. Their ids begin with the moment at which they were minted, so the oldest are the first of the primary key,
 * and new ones are written at its other end: nobody waits for this. What is refused late, of a request that waited, is kept
 * for its time from then on. A reservation that is asked for after its refusal went is `reservation-forgotten`.
 */
import type { OldKeys } from "../../../processors/payments/payment-ports.ts";
import { nowMsSql } from "../clock.ts";
import type { Database } from "../database.ts";
import { inTransaction } from "../session.ts";

const deleteOld = `DELETE FROM refusal
  WHERE reservation_id < UNHEX(RPAD(LPAD(HEX(${nowMsSql} - CAST(? AS SIGNED)), 12, '0'), 32, '0'))
    AND refused_at < ${nowMsSql} - CAST(? AS SIGNED)
  ORDER BY reservation_id LIMIT ?`;

/** Refusals as what can be forgotten; see {@link OldKeys}. */
export const oldRefusals = (database: Database): OldKeys => ({
  prune: (olderThanMs, maxRows) =>
    inTransaction(database, ({ change }) =>
      change(deleteOld, [String(olderThanMs), String(olderThanMs), String(maxRows)]),
    ),
});
