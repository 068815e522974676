/** What the database's errors mean for the pipeline, in one place, by number and code and never by text. */
import { ConnectionError } from "sequelize";
import { Fatal, PipelineError, Poison, Retriable, Unavailable } from "../../engine/errors.ts";

/** Another transaction was in the way; this one was or will be rolled back and may run again. MariaDB and MySQL alike. */
const conflicts: ReadonlyMap<number, string> = new Map([
  [1213, "DEADLOCK"],
  [1205, "LOCK_WAIT_TIMEOUT"],
  [1020, "CHANGED_SINCE_READ"], // MariaDB with innodb_snapshot_isolation on.
]);

/** The server can't serve now: it is full, stopping, read-only (a fail-over), or cut the statement or session off. */
const away: ReadonlySet<number> = new Set([
  1021,
  1030,
  1114,
  1037,
  1041, // disk full, storage engine error, table full, out of memory
  1040,
  1203,
  1226,
  1129,
  1135, // too many connections, of this user, resource limit, host blocked, no thread
  1053,
  1077,
  1079,
  1080, // stopping
  1290,
  1792,
  1836, // read-only
  1317,
  1927,
  1969,
  3024,
  1158,
  1159,
  1160,
  1161, // interrupted, killed, statement time-outs, network
  2002,
  2003,
  2006,
  2013,
  2055, // client: can't connect, gone, lost
]);

/** A row's value can never be written: too long, out of range, null, wrong, or against a CHECK (MySQL 3819, MariaDB 4025). */
const badData: ReadonlySet<number> = new Set([1048, 1264, 1265, 1292, 1366, 1406, 3819, 4025]);

/** This process is wrong for this database: no access, no such schema, table, column or statement (not migrated). */
const badDeployment: ReadonlySet<number> = new Set([1044, 1045, 1049, 1054, 1064, 1142, 1143, 1146, 1227, 1698]);

/** Of these: a table or column that a migration makes. */
const notMigrated: ReadonlySet<number> = new Set([1054, 1146]);

/** Node's and mysql2's own codes for a connection that can't be had or was lost. */
const lost: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EMFILE",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "PROTOCOL_PACKETS_OUT_OF_ORDER",
  "HANDSHAKE_NO_SSL_SUPPORT",
]);

/** Whether the whole transaction may simply be tried again: a deadlock, a lock time-out. */
export const isConflict = (error: unknown): boolean => conflicts.has(numberOf(error));

/**
 * The pipeline's error for a database error, with the original as its cause; anything else, and an error already
 * classified, comes back as it is. A lost connection is always `Unavailable`, at COMMIT too: whether the transaction
 * took effect is unknown then, and only asking again with the same ids is safe.
 */
export const classified = (error: unknown): unknown => {
  if (error instanceof PipelineError || !(error instanceof Error)) return error;
  const number = numberOf(error);
  const because = { cause: error };
  const conflict = conflicts.get(number);
  if (conflict !== undefined) return new Retriable(conflict, `transaction given up: ${error.message}`, because);
  if (badDeployment.has(number)) {
    const hint = notMigrated.has(number) ? "; run: sluice topology apply" : "";
    return new Fatal(`DATABASE_${number}`, `database refuses us: ${error.message}${hint}`, because);
  }
  if (badData.has(number)) return new Poison(`DATABASE_${number}`, `a row can't be written: ${error.message}`, because);
  if (away.has(number) || isLost(error)) return new Unavailable("database", error.message, because);
  return error;
};

/** Sequelize wraps the driver's error; mysql2 marks with `fatal` each one after which the connection is of no use. */
const isLost = (error: Error): boolean => {
  const original = originalOf(error);
  if (error instanceof ConnectionError || ("fatal" in original && original.fatal === true)) return true;
  return "code" in original && typeof original.code === "string" && lost.has(original.code);
};

const numberOf = (error: unknown): number => {
  if (!(error instanceof Error)) return 0;
  const original = originalOf(error);
  return "errno" in original && typeof original.errno === "number" ? original.errno : 0;
};

const originalOf = (error: Error): Error =>
  "original" in error && error.original instanceof Error ? error.original : error;
