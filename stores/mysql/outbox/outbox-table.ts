/**
 * An outbox in a database. One process at a time publishes from it, the leader: it holds a named lock of the server, and
 * everything it reads and marks goes through the very connection that holds the lock. A process that loses that
 * connection has lost the lead with it, and can mark nothing any more (ADR 8).
 *
 * Rows are found because they are unpublished, never by a number above the last one: numbers are given before
 * transactions commit, so a lower one may appear after a higher one.
 */
import { Fatal, Unavailable } from "../../../engine/errors.ts";
import { type LedOutbox, leaderSilenceMs, type Outbox, type OutboxLag } from "../../../engine/outbox/outbox.ts";
import { uuidOf } from "../../ids.ts";
import type { Database } from "../database.ts";
import { classified } from "../errors.ts";
import { type Session, withSession } from "../session.ts";

/**
 * The tables of an outbox. The outbox itself has a number (BIGINT UNSIGNED AUTO_INCREMENT, its primary key), the id of a
 * value (BINARY(16), a UUID) and when it was published (epoch ms by the database's clock, NULL, with an index). The values
 * are rows of another table that never change. All names are constants of the program, in snake case.
 */
export interface OutboxTable<Row, Value> {
  /** Begins the name of the server's lock; at most 31 characters, kebab-case. */
  readonly lock: string;
  readonly table: string;
  readonly number: string;
  readonly publishedAt: string;
  /** The id's column, in the outbox and in the table of values. */
  readonly id: string;
  readonly values: {
    readonly table: string;
    /** What `toValue` reads. */
    readonly columns: readonly string[];
    /** When the value was written, epoch ms. */
    readonly writtenAt: string;
  };
  /** The value of its table's row. */
  readonly toValue: (row: Row) => Value;
}

/** Rows of one call at most: what a statement's parameter should hold. */
export const outboxMaxRows = 10_000;
/** Rows that are counted for the lag: more would only make the count slow. */
const lagMaxRows = 100_000;

// A frozen process, or a lost machine, never closes its connection: the server would keep its lock for hours. Set before
// the lock is requested, because it may be granted to a process that is frozen while it waits. Between two statements, in
// the middle of one that is being sent, and in the middle of an answer that is not read: each has a limit of its own.
const endWhenSilent = `SET SESSION wait_timeout = ${leaderSilenceMs / 1_000}, net_read_timeout = ${leaderSilenceMs / 1_000},
  net_write_timeout = ${leaderSilenceMs / 1_000}`;

// What a LIMIT is given travels as text: mysql2 sends a number as a DOUBLE, which MySQL does not take there.
const nowMs = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED)";

interface Statements {
  readonly takeLock: string;
  readonly releaseLock: string;
  readonly checkLock: string;
  readonly unpublished: string;
  readonly mark: string;
  readonly prune: string;
  readonly lag: string;
}

/**
 * The {@link Outbox} of these tables. A leader takes one connection of the pool for as long as it leads.
 * @throws Fatal OUTBOX_TABLE where a name is not a plain one.
 */
export const mysqlOutbox = <Row, Value>(database: Database, table: OutboxTable<Row, Value>): Outbox<Value> => {
  const statements = statementsOf(table);
  return {
    lead: (waitMs, work) =>
      withSession(database, async (session) => {
        await session.change(endWhenSilent, []);
        // Below the time limit of a statement, whatever was asked for.
        const [answer] = await session.rows<{ readonly taken: number | null }>(statements.takeLock, [
          Math.min(waitMs, 5_000) / 1_000,
        ]);
        if (answer?.taken !== 1) return undefined;
        try {
          return await work(ledBy(session, table, statements));
        } finally {
          // Where even this fails the connection is gone, and the lock with it.
          await session.rows(statements.releaseLock, []).catch(() => undefined);
        }
      }),
    lag: () =>
      withSession(database, async ({ rows }): Promise<OutboxLag> => {
        const [lag] = await rows<{ readonly total: number; readonly oldest_ms: number | null }>(statements.lag, []);
        return { rows: lag?.total ?? 0, oldestMs: lag?.oldest_ms ?? 0 };
      }),
  };
};

const ledBy = <Row, Value>(
  session: Session,
  { table, toValue }: OutboxTable<Row, Value>,
  statements: Statements,
): LedOutbox<Value> => ({
  unpublished: (maxRows) =>
    classifying(async () => {
      checkSize(maxRows);
      const rows = await session.rows<Row & OutboxColumns>(statements.unpublished, [String(maxRows)]);
      return rows.map((row) => {
        const { outbox_row: number, outbox_id } = row;
        const id = uuidOf(outbox_id);
        if (row.has_value !== 1) throw new Fatal("OUTBOX_VALUE_LOST", `row ${number} of ${table} has no value: ${id}`);
        return { number, id, value: toValue(row) };
      });
    }),
  markPublished: (rows) =>
    classifying(async () => {
      checkSize(rows.length);
      if (rows.length === 0) return 0;
      const published = rows.map(({ number, id }) => [number, id.replaceAll("-", "")]);
      return session.change(statements.mark, [JSON.stringify(published)]);
    }),
  prune: (olderThanMs, maxRows) => classifying(() => session.change(statements.prune, [olderThanMs, String(maxRows)])),
  stillLeading: () =>
    classifying(async () => {
      const [lock] = await session.rows<{ readonly mine: number | null }>(statements.checkLock, []);
      if (lock?.mine !== 1) throw new Unavailable("database", "another connection leads the outbox");
    }),
});

interface OutboxColumns {
  readonly outbox_row: number;
  readonly outbox_id: Buffer;
  readonly has_value: number;
}

const statementsOf = <Row, Value>({ lock, values, ...outbox }: OutboxTable<Row, Value>): Statements => {
  const { table, number, id, publishedAt } = outbox;
  for (const name of [table, number, id, publishedAt, values.table, values.writtenAt, ...values.columns]) plain(name);
  if (!/^[a-z][a-z-]{0,30}$/.test(lock)) throw new Fatal("OUTBOX_TABLE", `not the name of a lock: "${lock}"`);
  // Named locks belong to the server, so the schema's name is part of this one; at most 64 characters.
  const lockName = `CONCAT('${lock}-', LEFT(SHA2(DATABASE(), 256), 32))`;
  const columns = values.columns.map((column) => `${values.table}.${column}`).join(", ");
  return {
    takeLock: `SELECT GET_LOCK(${lockName}, ?) AS taken`,
    releaseLock: `SELECT RELEASE_LOCK(${lockName}) AS released`,
    checkLock: `SELECT IS_USED_LOCK(${lockName}) = CONNECTION_ID() AS mine`,
    unpublished: `SELECT ${table}.${number} AS outbox_row, ${table}.${id} AS outbox_id,
        ${values.table}.${id} IS NOT NULL AS has_value, ${columns}
      FROM (SELECT ${number}, ${id} FROM ${table} WHERE ${publishedAt} IS NULL ORDER BY ${number} LIMIT ?) AS ${table}
      LEFT JOIN ${values.table} ON ${values.table}.${id} = ${table}.${id}
      ORDER BY ${table}.${number}`,
    // By id too: a database that failed over to an older copy of itself gives numbers out again.
    mark: `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
        row_no BIGINT UNSIGNED PATH '$[0]', id CHAR(32) CHARACTER SET ascii PATH '$[1]')) AS published
      STRAIGHT_JOIN ${table} ON ${table}.${number} = published.row_no
      SET ${table}.${publishedAt} = ${nowMs}
      WHERE ${table}.${publishedAt} IS NULL AND ${table}.${id} = UNHEX(published.id)`,
    prune: `DELETE FROM ${table} WHERE ${publishedAt} < ${nowMs} - ? ORDER BY ${publishedAt} LIMIT ?`,
    lag: `SELECT (SELECT COUNT(*) FROM
        (SELECT 1 FROM ${table} WHERE ${publishedAt} IS NULL LIMIT ${lagMaxRows}) AS counted) AS total,
      (SELECT GREATEST(0, CAST(${nowMs} AS SIGNED) - CAST(${values.table}.${values.writtenAt} AS SIGNED))
        FROM (SELECT ${id} AS outbox_id FROM ${table}
          WHERE ${publishedAt} IS NULL ORDER BY ${number} LIMIT 1) AS oldest
        STRAIGHT_JOIN ${values.table} ON ${values.table}.${id} = oldest.outbox_id) AS oldest_ms`,
  };
};

/** Names are spliced into statements, so nothing but a plain name is taken. */
const plain = (name: string): void => {
  if (/^[a-z][a-z0-9_]{0,63}$/.test(name)) return;
  throw new Fatal("OUTBOX_TABLE", `not a plain name of a table or column: "${name}"`);
};

/** A leader may have to know how one call ended, before the lead itself ends with it. */
const classifying = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw classified(error);
  }
};

const checkSize = (rows: number): void => {
  if (rows <= outboxMaxRows) return;
  throw new Fatal("OUTBOX_ROWS_TOO_MANY", `at most ${outboxMaxRows} rows, got ${rows}`);
};
