/** Brings a schema up to date. Run it before the first worker or API of a release starts. */
import type { Sequelize } from "sequelize";
import { MigrationError, SequelizeStorage, Umzug } from "umzug";
import { Fatal, PipelineError, Unavailable } from "../../engine/errors.ts";
import { columns, integerColumn, nullable, textColumn } from "./columns/columns.ts";
import { type DatabaseConfig, type Database, openDatabase } from "./database.ts";
import { classified } from "./errors.ts";
import type { Migration } from "./migration.ts";
import { coupons } from "./migrations/0001-coupons.ts";
import { idempotencyKeyTable } from "./migrations/0002-idempotency-keys.ts";
import { payments } from "./migrations/0003-payments.ts";
import { partitionLeaseTable } from "./migrations/0004-partition-lease.ts";
import { transactionHistoryTable } from "./migrations/0005-transaction-history.ts";
import { operationTables } from "./migrations/0006-operations.ts";
import { databaseIdentityTable } from "./migrations/0007-database-identity.ts";
import { outboxTrace } from "./migrations/0008-outbox-trace.ts";
import { runningProcessTable } from "./migrations/0009-running-processes.ts";
import { withSession } from "./session.ts";

/** Every migration, in order. Imported one by one: what is missing does not compile, and nothing is found by accident. */
export const migrations: readonly Migration[] = [
  coupons,
  idempotencyKeyTable,
  payments,
  partitionLeaseTable,
  transactionHistoryTable,
  operationTables,
  databaseIdentityTable,
  outboxTrace,
  runningProcessTable,
];

/** How long a second migrator waits for the first. */
const lockWaitSeconds = 120;

/** Named locks belong to the server, so the schema's name is part of this one; at most 64 characters. */
const lockName = "CONCAT('sluice-migrate-', LEFT(SHA2(DATABASE(), 256), 32))";
const lock = columns("lock", { taken: nullable(integerColumn()) }, { taken: `GET_LOCK(${lockName}, ?)` });
const takeLock = `SELECT ${lock.list}`;
const releaseLock = `DO RELEASE_LOCK(${lockName})`;

/**
 * Applies what is missing and answers the names of what it applied. Idempotent, and safe when many run it at once: a
 * named lock, which dies with its connection, lets one in at a time. One statement may take 10 minutes.
 * @throws Unavailable where the database is away, or another migrator holds the lock for 2 minutes.
 * @throws Fatal where the user lacks the rights.
 */
export const migrate = async (config: Pick<DatabaseConfig, "databaseUrl">): Promise<readonly string[]> => {
  const database = openDatabase({ ...config, poolMax: 3, poolKeptIdle: 0, statementTimeoutMs: 600_000 });
  try {
    return await applyMigrations(database, { migrations, tableName: "migration" });
  } finally {
    await database.close();
  }
};

const done = columns("migration", { name: textColumn() });

/** The names of the migrations that are missing, in order. Changes nothing. @throws Unavailable @throws Fatal */
export const pendingMigrations = async (database: Database): Promise<readonly string[]> => {
  try {
    const rows = await withSession(database, ({ select }) => select(done, `SELECT ${done.list} FROM migration`, []));
    const made = new Set(rows.map(({ name }) => name));
    return migrations.flatMap(({ name }) => (made.has(name) ? [] : [name]));
  } catch (error) {
    // No table of migrations: none was made.
    if (error instanceof Fatal && error.code === "DATABASE_1146") return migrations.map(({ name }) => name);
    throw error;
  }
};

/**
 * Applies those of `migrations` that the table `tableName` does not have, under the lock. For {@link migrate} and its tests.
 * @throws Unavailable @throws Fatal as there.
 */
export const applyMigrations = async (
  database: Database,
  what: { readonly migrations: readonly Migration[]; readonly tableName: string },
): Promise<readonly string[]> => {
  try {
    return await withMigrationLock(database, () => applyAll(database.sequelize, what));
  } catch (error) {
    const mine = classified(error instanceof MigrationError ? error.cause : error);
    // What has no class keeps umzug's error, which names the migration.
    throw mine instanceof PipelineError ? mine : error;
  }
};

const withMigrationLock = <T>(database: Database, work: () => Promise<T>): Promise<T> =>
  withSession(database, async ({ select, change }) => {
    const [answer] = await select(lock, takeLock, [lockWaitSeconds]);
    if (answer?.taken !== 1) throw new Unavailable("database", `another migration ran for over ${lockWaitSeconds} s`);
    try {
      return await work();
    } finally {
      await change(releaseLock, []);
    }
  });

const applyAll = async (
  sequelize: Sequelize,
  what: { readonly migrations: readonly Migration[]; readonly tableName: string },
): Promise<readonly string[]> => {
  const umzug = new Umzug({
    migrations: what.migrations.map(({ name, statements }) => ({
      name,
      up: async () => {
        for (const statement of statements) await sequelize.query(statement).catch(unlessColumnIsThere);
      },
    })),
    storage: new SequelizeStorage({ sequelize, tableName: what.tableName, modelName: what.tableName }),
    logger: undefined,
  });
  return (await umzug.up()).map(({ name }) => name);
};

/** An earlier run was killed between the statement and what remembers it. */
const unlessColumnIsThere = (error: unknown): void => {
  const mine = classified(error);
  if (!(mine instanceof Fatal && mine.code === "DATABASE_1060")) throw error;
};
