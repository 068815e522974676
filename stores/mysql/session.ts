/** One connection for a while, and transactions on it. */
import { setTimeout as sleep } from "node:timers/promises";
import { asMysqlConnection, type Change, type MysqlConnection, type Parameter, run } from "./connection.ts";
import type { Columns } from "./columns/columns.ts";
import type { Database } from "./database.ts";
import { classified, endsConnection, isConflict } from "./errors.ts";

/** Statements on one connection. Their texts are constants: what differs goes in as a parameter. */
export interface Session {
  /** The rows of a SELECT, decoded. @throws Fatal where a column has another shape. */
  readonly select: <Row>(columns: Columns<Row>, sql: string, values: readonly Parameter[]) => Promise<readonly Row[]>;
  /** How many rows an INSERT added, or an UPDATE or DELETE changed. */
  readonly change: (sql: string, values: readonly Parameter[]) => Promise<number>;
  /** Inside a transaction: undoes it all and starts another. */
  readonly restart: () => Promise<void>;
}

/**
 * Runs statements outside of a transaction.
 * @throws Unavailable @throws Poison @throws Retriable @throws Fatal as errors.ts has it.
 */
export const withSession = async <T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> => {
  try {
    return await onConnection(database, (connection) => work(sessionOn(connection)));
  } catch (error) {
    throw classified(error);
  }
};

/** Attempts at one transaction that others get in the way of: the second nearly always passes; more is the runtime's. */
const conflictAttempts = 3;

/**
 * Runs `work` in one READ COMMITTED transaction and commits. After a deadlock or a lock time-out the whole of it runs
 * again, up to 3 times in all, so `work` must depend on nothing it changed itself.
 * @throws Retriable when it still conflicts, Contended when a lock is still kept, nothing written.
 * @throws Unavailable also where it is unknown whether the COMMIT took effect.
 * @throws Poison @throws Fatal as errors.ts has it, nothing written.
 */
export const inTransaction = async <T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> => {
  const attempt = () => onConnection(database, (connection) => transact(connection, work));
  try {
    return await retryingConflicts(attempt);
  } catch (error) {
    throw classified(error);
  }
};

/** Runs a whole transaction until nothing is in its way, up to 3 times. Passes on every other error, and the last. */
export const retryingConflicts = async <T>(transaction: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (!isConflict(error) || attempt === conflictAttempts) throw error;
      // Up to 10, then 20 ms at random: two rounds that met must not meet again in step.
      await sleep(Math.random() * 5 * 2 ** attempt);
    }
  }
};

const transact = async <T>(connection: MysqlConnection, work: (session: Session) => Promise<T>): Promise<T> => {
  await run(connection, "START TRANSACTION");
  try {
    const answer = await work(sessionOn(connection));
    await run(connection, "COMMIT");
    return answer;
  } catch (error) {
    // A lock time-out undoes its statement only, and a thrown refusal nothing: so always say it.
    // Where even this fails the connection goes, and the server rolls back at its end of it.
    await run(connection, "ROLLBACK").catch(() => connection.stream.destroy());
    throw error;
  }
};

const sessionOn = (connection: MysqlConnection): Session => ({
  // Erasure: mysql2 answers a SELECT with an array of rows; each is decoded from unknown.
  select: async (columns, sql, values) =>
    ((await run(connection, sql, values)) as readonly unknown[]).map(columns.decode),
  // Erasure: mysql2 answers every other statement with a header that has affectedRows.
  change: async (sql, values) => ((await run(connection, sql, values)) as Change).affectedRows,
  restart: async () => {
    await run(connection, "ROLLBACK");
    await run(connection, "START TRANSACTION");
  },
});

/** A connection that broke in use goes back too: the pool looks at each before it hands it out, and replaces it. */
const onConnection = async <T>(
  { sequelize: { connectionManager } }: Database,
  work: (connection: MysqlConnection) => Promise<T>,
): Promise<T> => {
  const pooled = await connectionManager.getConnection({ type: "write" });
  const connection = asMysqlConnection(pooled);
  try {
    return await work(connection);
  } catch (error) {
    // The pool would hand it out again, for as long as it is young: to a node that has left its cluster, say.
    if (endsConnection(error)) connection.stream.destroy();
    throw error;
  } finally {
    connectionManager.releaseConnection(pooled);
  }
};
