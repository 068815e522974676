/**
 * An outbox in a database. One process at a time publishes from it, the leader: it holds a named lock of the server, and
 * reads and marks only through the connection that holds the lock. A process that loses the connection loses the lock
 * with it, and can mark nothing any more (ADR 8).
 *
 * Rows are found by being unpublished, never by a number above the last one: numbers are given before transactions
 * commit, so a lower one may appear after a higher one.
 */
import { Fatal, Unavailable } from "../../../engine/errors.ts";
import { type LedOutbox, leaderSilenceMs, type Outbox, type OutboxLag } from "../../../engine/outbox/outbox.ts";
import type { Uuid } from "../../ids.ts";
import { nowMsSql } from "../clock.ts";
import {
  type Columns,
  columns,
  integerColumn,
  joined,
  nullable,
  optional,
  textColumn,
  uuidColumn,
} from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { classified } from "../errors.ts";
import { type Session, withSession } from "../session.ts";

/**
 * The tables of an outbox. The outbox itself has a number (BIGINT UNSIGNED AUTO_INCREMENT, its primary key), the id of a
 * value (BINARY(16), a UUID), when it was published (epoch ms by the database's clock, or NULL; indexed), and the
 * `traceparent` it was written under (CHAR(55), or NULL). The values are rows of another table that never change. All names are
 * constants of the program, in snake case.
 */
export interface OutboxTable<Value> {
  /** Begins the name of the server's lock; at most 31 characters, kebab-case. */
  readonly lock: string;
  readonly table: string;
  readonly number: string;
  readonly publishedAt: string;
  readonly traceparent: string;
  /** The id's column, in the outbox and in the table of values. */
  readonly id: string;
  readonly values: {
    readonly table: string;
    /** Of that table; the id among them. */
    readonly columns: Columns<Value>;
    /** When the value was written, epoch ms. */
    readonly writtenAt: string;
  };
}

/** Rows of one call at most: what a statement's parameter should hold. */
export const outboxMaxRows = 10_000;
/** Rows counted for the lag at most. */
const lagMaxRows = 100_000;
/** Rows in which orphans are looked for: they remain, and so are the first once all others are published. */
const orphansAmong = 1_000;

// A process that is frozen, or whose machine is gone, does not close its connection: the server would keep its lock for hours.
// Set before the lock is requested, because it may be granted to a process that is frozen while it waits. The server has one
// limit each for the time between two statements, within a statement, and within an answer that is not read.
const endWhenSilent = `SET SESSION wait_timeout = ${leaderSilenceMs / 1_000}, net_read_timeout = ${leaderSilenceMs / 1_000},
  net_write_timeout = ${leaderSilenceMs / 1_000}`;

/**
 * The {@link Outbox} of these tables. A leader takes one connection of the pool for as long as it leads.
 * @throws Fatal OUTBOX_TABLE where a name is not a plain one.
 */
export const mysqlOutbox = <Value>(database: Database, table: OutboxTable<Value>): Outbox<Value> => {
  checkNames(table);
  const lock = lockOf(table.lock);
  const statements = statementsOf(table);
  return {
    lead: (waitMs, work) =>
      withSession(database, async (session) => {
        await session.change(endWhenSilent, []);
        // Below the time limit of a statement, whatever was asked for.
        const [answer] = await session.select(lock.taken, lock.take, [Math.min(waitMs, 5_000) / 1_000]);
        if (answer?.taken !== 1) return undefined;
        try {
          return await work(ledBy(session, lock, statements));
        } finally {
          // Where even this fails the connection is gone, and the lock with it.
          await session.change(lock.release, []).catch(() => undefined);
        }
      }),
    lag: () =>
      withSession(database, async ({ select }): Promise<OutboxLag> => {
        const [lag] = await select(statements.lag, `SELECT ${statements.lag.list}`, []);
        const found = await select(statements.orphanColumns, statements.orphans, []);
        const orphans = found.map(({ outboxRow: number, outboxId: id }) => ({ number, id }));
        return { rows: (lag?.total ?? 0) - orphans.length, oldestMs: lag?.oldestMs ?? 0, orphans };
      }),
  };
};

const ledBy = <Value>(
  session: Session,
  lock: Lock,
  { rows: rowColumns, unpublished, mark, prune }: Statements<Value>,
): LedOutbox<Value> => ({
  unpublished: (maxRows) =>
    classifying(async () => {
      checkSize(maxRows);
      const rows = await session.select(rowColumns, unpublished, [String(maxRows)]);
      return rows.flatMap(({ outboxRow: number, outboxId: id, outboxTrace, value }) =>
        value === null ? [] : [{ number, id, value, traceparent: outboxTrace ?? undefined }],
      );
    }),
  markPublished: (rows) =>
    classifying(async () => {
      checkSize(rows.length);
      if (rows.length === 0) return 0;
      const published = rows.map(({ number, id }) => [number, id.replaceAll("-", "")]);
      return session.change(mark, [JSON.stringify(published)]);
    }),
  prune: (olderThanMs, maxRows) => classifying(() => session.change(prune, [olderThanMs, String(maxRows)])),
  stillLeading: () =>
    classifying(async () => {
      const [own] = await session.select(lock.own, lock.check, []);
      if (own?.mine !== 1) throw new Unavailable("database", "another connection leads the outbox");
    }),
});

type Lock = ReturnType<typeof lockOf>;

const lockOf = (prefix: string) => {
  // Named locks belong to the server, so the schema's name is part of this one; at most 64 characters.
  const name = `CONCAT('${prefix}-', LEFT(SHA2(DATABASE(), 256), 32))`;
  const taken = columns("lock", { taken: nullable(integerColumn()) }, { taken: `GET_LOCK(${name}, ?)` });
  const mine = `IS_USED_LOCK(${name}) = CONNECTION_ID()`;
  const own = columns("lock", { mine: nullable(integerColumn()) }, { mine });
  return { taken, own, take: `SELECT ${taken.list}`, check: `SELECT ${own.list}`, release: `DO RELEASE_LOCK(${name})` };
};

interface Statements<Value> {
  readonly rows: Columns<{
    readonly outboxRow: number;
    readonly outboxId: Uuid;
    readonly outboxTrace: string | null;
    readonly value: Value | null;
  }>;
  readonly orphanColumns: Columns<{ readonly outboxRow: number; readonly outboxId: Uuid }>;
  readonly orphans: string;
  readonly unpublished: string;
  readonly mark: string;
  readonly prune: string;
  readonly lag: Columns<{ readonly total: number; readonly oldestMs: number | null }>;
}

const statementsOf = <Value>(outbox: OutboxTable<Value>): Statements<Value> => {
  const { table, number, id, publishedAt, traceparent, values } = outbox;
  const orphanColumns = columns(
    table,
    { outboxRow: integerColumn(), outboxId: uuidColumn() },
    { outboxRow: `${table}.${number}`, outboxId: `${table}.${id}` },
  );
  const trace = columns(table, { outboxTrace: nullable(textColumn()) }, { outboxTrace: `${table}.${traceparent}` });
  const rows = joined(joined(orphanColumns, trace), optional("value", id, values.columns));
  // The limit counts what has a value: any number of orphans in front of it is passed over.
  const valued = `FROM ${table} STRAIGHT_JOIN ${values.table} ON ${values.table}.${id} = ${table}.${id}
      WHERE ${table}.${publishedAt} IS NULL ORDER BY ${table}.${number}`;
  const lag = columns(
    table,
    { total: integerColumn(), oldestMs: nullable(integerColumn()) },
    {
      total: `(SELECT COUNT(*) FROM (SELECT 1 FROM ${table} WHERE ${publishedAt} IS NULL LIMIT ${lagMaxRows}) AS counted)`,
      oldestMs: `(SELECT GREATEST(0, ${nowMsSql} - CAST(${values.table}.${values.writtenAt} AS SIGNED)) ${valued} LIMIT 1)`,
    },
  );
  return {
    rows,
    lag,
    // A LIMIT is sent as text: mysql2 sends a number as a DOUBLE, which MySQL does not accept there.
    unpublished: `SELECT ${rows.list} ${valued} LIMIT ?`,
    orphanColumns,
    orphans: `SELECT ${orphanColumns.list}
      FROM (SELECT ${number}, ${id} FROM ${table} WHERE ${publishedAt} IS NULL ORDER BY ${number} LIMIT ${orphansAmong}) AS ${table}
      LEFT JOIN ${values.table} ON ${values.table}.${id} = ${table}.${id}
      WHERE ${values.table}.${id} IS NULL
      ORDER BY ${table}.${number}`,
    // By id too: a database that failed over to an older copy of itself gives numbers out again.
    mark: `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
        row_no BIGINT UNSIGNED PATH '$[0]', id CHAR(32) CHARACTER SET ascii PATH '$[1]')) AS published
      STRAIGHT_JOIN ${table} ON ${table}.${number} = published.row_no
      SET ${table}.${publishedAt} = ${nowMsSql}
      WHERE ${table}.${publishedAt} IS NULL AND ${table}.${id} = UNHEX(published.id)`,
    prune: `DELETE FROM ${table} WHERE ${publishedAt} < ${nowMsSql} - ? ORDER BY ${publishedAt} LIMIT ?`,
  };
};

/** Names are spliced into statements, so only plain names are accepted. */
const checkNames = ({ lock, table, number, id, publishedAt, traceparent, values }: OutboxTable<unknown>): void => {
  const names = [table, number, id, publishedAt, traceparent, values.table, values.writtenAt];
  const wrong = [
    ...names.filter((name) => !/^[a-z][a-z0-9_]{0,63}$/.test(name)),
    ...(/^[a-z][a-z-]{0,30}$/.test(lock) ? [] : [lock]),
  ];
  if (wrong.length === 0) return;
  throw new Fatal("OUTBOX_TABLE", `the outbox ${table}: expected plain names, got ${JSON.stringify(wrong)}`);
};

/** Classifies the error of one call, which a leader may see before the lead itself ends with it. */
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
