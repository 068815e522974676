/**
 * The outbox: payments that are to be published. One process at a time publishes from it, the leader: it holds a named
 * lock of the server, and reads and marks only through the connection that holds the lock. A process that loses the
 * connection loses the lock with it, and can mark nothing any more.
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
import { nowMsSql } from "../clock.ts";
import { columns, integerColumn, joined, nullable, optional, type RowOf } from "../columns.ts";
import type { Database } from "../database.ts";
import { classified } from "../errors.ts";
import { paymentColumns } from "./payment-columns.ts";
import { type Session, withSession } from "../session.ts";

/** Rows of one call at most: what a statement's parameter should hold. */
export const outboxMaxRows = 10_000;
/** Rows counted for the lag at most. */
const lagMaxRows = 100_000;

/** Named locks belong to the server, so the schema's name is part of this one; at most 64 characters. */
const lockName = "CONCAT('sluice-outbox-', LEFT(SHA2(DATABASE(), 256), 32))";
const lock = columns("lock", { taken: nullable(integerColumn()) }, { taken: `GET_LOCK(${lockName}, ?)` });
const ownLock = columns(
  "lock",
  { mine: nullable(integerColumn()) },
  { mine: `IS_USED_LOCK(${lockName}) = CONNECTION_ID()` },
);
const takeLock = `SELECT ${lock.list}`;
const releaseLock = `DO RELEASE_LOCK(${lockName})`;
const checkLock = `SELECT ${ownLock.list}`;
// A process that is frozen, or whose machine is gone, does not close its connection: the server would keep its lock for hours.
// Set before the lock is requested, because it may be granted to a process that is frozen while it waits. The server has one
// limit each for the time between two statements, within a statement, and within an answer that nobody reads.
const endWhenSilent = `SET SESSION wait_timeout = ${leaderSilenceMs / 1_000}, net_read_timeout = ${leaderSilenceMs / 1_000},
  net_write_timeout = ${leaderSilenceMs / 1_000}`;

const unpublishedColumns = joined(
  columns("outbox", { outboxNo: integerColumn() }),
  optional("payment", "payment_id", paymentColumns("payment")),
);

// A LIMIT is sent as text: mysql2 sends a number as a DOUBLE, which MySQL does not accept there.
const readUnpublished = `SELECT ${unpublishedColumns.list}
  FROM (SELECT outbox_no, payment_id FROM outbox WHERE published_at IS NULL ORDER BY outbox_no LIMIT ?) AS outbox
  LEFT JOIN payment ON payment.payment_id = outbox.payment_id
  ORDER BY outbox.outbox_no`;

// By payment too: a database that failed over to an older copy of itself gives numbers out again.
const markRows = `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
    outbox_no BIGINT UNSIGNED PATH '$[0]', id CHAR(32) CHARACTER SET ascii PATH '$[1]')) AS published
  STRAIGHT_JOIN outbox ON outbox.outbox_no = published.outbox_no
  SET outbox.published_at = ${nowMsSql} WHERE outbox.published_at IS NULL AND outbox.payment_id = UNHEX(published.id)`;

const deleteOld = `DELETE FROM outbox WHERE published_at < ${nowMsSql} - ? ORDER BY published_at LIMIT ?`;

const lagColumns = columns(
  "outbox",
  { total: integerColumn(), oldestMs: nullable(integerColumn()) },
  {
    total: `(SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT ${lagMaxRows}) AS counted)`,
    oldestMs: `(SELECT GREATEST(0, ${nowMsSql} - CAST(payment.paid_at AS SIGNED))
      FROM (SELECT payment_id FROM outbox WHERE published_at IS NULL ORDER BY outbox_no LIMIT 1) AS oldest
      STRAIGHT_JOIN payment ON payment.payment_id = oldest.payment_id)`,
  },
);

/** The {@link Outbox} of a database. A leader takes one connection of the pool for as long as it leads. */
export const outbox = (database: Database): Outbox => ({
  lead: (waitMs, work) =>
    withSession(database, async (session) => {
      await session.change(endWhenSilent, []);
      // Below the limit of a statement, whatever was asked for.
      const [answer] = await session.select(lock, takeLock, [Math.min(waitMs, 5_000) / 1_000]);
      if (answer?.taken !== 1) return undefined;
      try {
        return await work(ledBy(session));
      } finally {
        // Where even this fails the connection is gone, and the lock with it.
        await session.change(releaseLock, []).catch(() => undefined);
      }
    }),
  lag: () =>
    withSession(database, async ({ select }): Promise<OutboxLag> => {
      const [lag] = await select(lagColumns, `SELECT ${lagColumns.list}`, []);
      return { rows: lag?.total ?? 0, oldestMs: lag?.oldestMs ?? 0 };
    }),
});

const ledBy = (session: Session): LedOutbox => ({
  unpublished: (maxRows) =>
    classifying(async () => {
      checkSize(maxRows);
      return (await session.select(unpublishedColumns, readUnpublished, [String(maxRows)])).map(toRow);
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
      const [own] = await session.select(ownLock, checkLock, []);
      if (own?.mine !== 1) throw new Unavailable("database", "the outbox is led by another connection");
    }),
});

/** Classifies the error of one call, which a leader may see before the lead itself ends with it. */
const classifying = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw classified(error);
  }
};

const toRow = ({ outboxNo, payment }: RowOf<typeof unpublishedColumns>): OutboxRow => {
  if (payment === null) throw new Fatal("PAYMENT_LOST", `outbox row ${outboxNo} has no payment`);
  return { outboxNo, payment };
};

const checkSize = (rows: number): void => {
  if (rows <= outboxMaxRows) return;
  throw new Fatal("OUTBOX_ROWS_TOO_MANY", `at most ${outboxMaxRows} rows, got ${rows}`);
};
