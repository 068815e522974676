/**
 * The outbox: payments that the log has to be told of. One process at a time publishes from it, the leader: it holds a
 * named lock of the server, and everything it reads and marks goes through the very connection that holds it. Whoever
 * loses that connection has lost the lead with it, and can mark nothing any more.
 *
 * Rows are found by being unpublished, never by a number above the last one: numbers are given before transactions
 * commit, so a lower one may appear after a higher one.
 */
import {
  type LedOutbox,
  leaderSilenceMs,
  type Outbox,
  type OutboxLag,
  type OutboxRow,
} from "../../../processors/payments/payment-ports.ts";
import { Fatal, Unavailable } from "../../../engine/errors.ts";
import { hexOf } from "../../ids.ts";
import type { Database } from "../database.ts";
import { classified } from "../errors.ts";
import { type PaymentColumns, toPayment } from "./payment-statements.ts";
import { type Session, withSession } from "../session.ts";

/** Rows of one call at most: what a statement's parameter should hold. */
export const outboxMaxRows = 10_000;
/** Rows that are counted for the lag; more are as bad. */
const lagMaxRows = 100_000;

/** Named locks belong to the server, so the schema's name is part of this one; at most 64 characters. */
const lockName = "CONCAT('sluice-outbox-', LEFT(SHA2(DATABASE(), 256), 32))";
const takeLock = `SELECT GET_LOCK(${lockName}, ?) AS taken`;
const releaseLock = `SELECT RELEASE_LOCK(${lockName}) AS released`;
const checkLock = `SELECT IS_USED_LOCK(${lockName}) = CONNECTION_ID() AS mine`;
// Who is frozen, or whose machine is gone, says no goodbye: the server would keep its lock for hours. Said before the lock
// is asked for, because it may be granted to one that is frozen while it waits. Between two statements, in the middle of
// one on its way here, and in the middle of an answer that nobody reads: each has a limit of its own.
const endWhenSilent = `SET SESSION wait_timeout = ${leaderSilenceMs / 1_000}, net_read_timeout = ${leaderSilenceMs / 1_000},
  net_write_timeout = ${leaderSilenceMs / 1_000}`;

// What a LIMIT is given travels as text: mysql2 sends a number as a DOUBLE, which MySQL does not take there.
const nowMs = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED)";

const readUnpublished = `SELECT outbox.outbox_no, payment.payment_id, payment.order_id, payment.user_id, payment.amount,
    payment.discount, payment.paid_at
  FROM (SELECT outbox_no, payment_id FROM outbox WHERE published_at IS NULL ORDER BY outbox_no LIMIT ?) AS outbox
  LEFT JOIN payment ON payment.payment_id = outbox.payment_id
  ORDER BY outbox.outbox_no`;

// By payment too: a database that failed over to an older copy of itself gives numbers out again.
const markRows = `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
    outbox_no BIGINT UNSIGNED PATH '$[0]', id CHAR(32) CHARACTER SET ascii PATH '$[1]')) AS published
  STRAIGHT_JOIN outbox ON outbox.outbox_no = published.outbox_no
  SET outbox.published_at = ${nowMs} WHERE outbox.published_at IS NULL AND outbox.payment_id = UNHEX(published.id)`;

const deleteOld = `DELETE FROM outbox WHERE published_at < ${nowMs} - ? ORDER BY published_at LIMIT ?`;

const readLag = `SELECT (SELECT COUNT(*) FROM
      (SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT ${lagMaxRows}) AS counted) AS total,
    (SELECT GREATEST(0, CAST(${nowMs} AS SIGNED) - CAST(payment.paid_at AS SIGNED))
      FROM (SELECT payment_id FROM outbox WHERE published_at IS NULL ORDER BY outbox_no LIMIT 1) AS oldest
      STRAIGHT_JOIN payment ON payment.payment_id = oldest.payment_id) AS oldest_ms`;

/** The {@link Outbox} of a database. A leader takes one connection of the pool for as long as it leads. */
export const outbox = (database: Database): Outbox => ({
  lead: (waitMs, work) =>
    withSession(database, async (session) => {
      await session.change(endWhenSilent, []);
      // Below the limit of a statement, whatever was asked for.
      const [answer] = await session.rows<{ readonly taken: number | null }>(takeLock, [
        Math.min(waitMs, 5_000) / 1_000,
      ]);
      if (answer?.taken !== 1) return undefined;
      try {
        return await work(ledBy(session));
      } finally {
        // Where even this fails the connection is gone, and the lock with it.
        await session.rows(releaseLock, []).catch(() => undefined);
      }
    }),
  lag: () =>
    withSession(database, async ({ rows }): Promise<OutboxLag> => {
      const [lag] = await rows<{ readonly total: number; readonly oldest_ms: number | null }>(readLag, []);
      return { rows: lag?.total ?? 0, oldestMs: lag?.oldest_ms ?? 0 };
    }),
});

const ledBy = (session: Session): LedOutbox => ({
  unpublished: (maxRows) =>
    classifying(async () => {
      checkSize(maxRows);
      return (await session.rows<OutboxColumns>(readUnpublished, [String(maxRows)])).map(toRow);
    }),
  markPublished: (rows) =>
    classifying(async () => {
      checkSize(rows.length);
      if (rows.length === 0) return 0;
      const published = rows.map(({ outboxNo, payment }) => [outboxNo, hexOf(payment.paymentId)]);
      return session.change(markRows, [JSON.stringify(published)]);
    }),
  prune: (olderThanMs, maxRows) => classifying(() => session.change(deleteOld, [olderThanMs, String(maxRows)])),
  stillLeading: () =>
    classifying(async () => {
      const [lock] = await session.rows<{ readonly mine: number | null }>(checkLock, []);
      if (lock?.mine !== 1) throw new Unavailable("database", "the outbox is led by another connection");
    }),
});

/** A leader may want to know what became of one call, before the lead itself ends with it. */
const classifying = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw classified(error);
  }
};

type OutboxColumns = { readonly outbox_no: number } & (PaymentColumns | { readonly payment_id: null });

const toRow = (row: OutboxColumns): OutboxRow => {
  if (row.payment_id === null) throw new Fatal("PAYMENT_LOST", `outbox row ${row.outbox_no} has no payment`);
  return { outboxNo: row.outbox_no, payment: toPayment(row) };
};

const checkSize = (rows: number): void => {
  if (rows <= outboxMaxRows) return;
  throw new Fatal("OUTBOX_ROWS_TOO_MANY", `at most ${outboxMaxRows} rows, got ${rows}`);
};
