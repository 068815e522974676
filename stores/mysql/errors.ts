/** What the database's errors become: error-table.ts has what each means, by number and SQLSTATE and never by text. */
import { ConnectionError } from "sequelize";
import {
  AccessRefused,
  Contended,
  PipelineError,
  Poison,
  Retriable,
  StoreUnfit,
  Unavailable,
} from "../../engine/errors.ts";
import { databaseErrorClass, givesUpConnection, lostConnection } from "./error-class.ts";
import type { DatabaseErrorClass } from "./error-table.ts";

/** Of conflicts, the codes that logs and dead letters name; the others are named by their number. */
const conflictCodes: ReadonlyMap<number, string> = new Map([
  [1213, "DEADLOCK"],
  [1020, "CHANGED_SINCE_READ"], // MariaDB with innodb_snapshot_isolation on.
]);

/** Of what is fatal: a table or column that a migration makes. */
const notMigrated: ReadonlySet<number> = new Set([1054, 1146]);

const refusal = "the database refuses us";
const remedy =
  "check user, password and rights of SLUICE_DATABASE_URL, and on the server that the account is not locked";

/** Whether the whole transaction may simply be tried again: a deadlock, a lock time-out. */
export const isConflict = (error: unknown): boolean => ["conflict", "locked"].includes(classOf(error));

/** Whether the connection that this came by is of no more use: another one may lead to another server. */
export const endsConnection = (error: unknown): boolean => givesUpConnection(numberOf(error));

/**
 * The pipeline's error for a database error, with the original as its cause; anything else, and an error already
 * classified, comes back as it is. A lost connection is always `Unavailable`, at COMMIT too: whether the transaction
 * took effect is unknown then, and only asking again with the same ids is safe.
 */
export const classified = (error: unknown): unknown => {
  if (error instanceof PipelineError || !(error instanceof Error)) return error;
  const number = numberOf(error);
  const because = { cause: error };
  switch (classOf(error)) {
    case "conflict":
      return new Retriable(
        conflictCodes.get(number) ?? `DATABASE_${number}`,
        `transaction given up: ${error.message}`,
        because,
      );
    case "locked":
      return new Contended(
        "LOCK_WAIT_TIMEOUT",
        `another transaction of the database keeps a lock that is waited for: ${error.message}; look at INNODB_TRX and the process list, and end it there`,
        because,
      );
    case "refused":
      return new AccessRefused("database", `DATABASE_${number}`, `${refusal}: ${error.message}; ${remedy}`, because);
    case "fatal": {
      const hint = notMigrated.has(number) ? "; run: sluice topology apply" : "";
      return new StoreUnfit(`DATABASE_${number}`, `${refusal}: ${error.message}${hint}`, because);
    }
    case "poison":
      return new Poison(`DATABASE_${number}`, `a row can't be written: ${error.message}`, because);
    case "away":
      return new Unavailable("database", error.message, because);
    case "rest":
      // What the pipeline does with an error that has no class: it is tried again, then isolated.
      return error;
  }
};

/** What the server says of itself comes first: it marks connections as broken for what a row or the user is guilty of, too. */
const classOf = (error: unknown): DatabaseErrorClass => {
  if (!(error instanceof Error)) return "rest";
  return databaseErrorClass(numberOf(error), sqlStateOf(error)) ?? (isLost(error) ? "away" : "rest");
};

/** Sequelize wraps the driver's error; mysql2 marks with `fatal` each one after which the connection is of no use. */
const isLost = (error: Error): boolean => {
  const original = originalOf(error);
  if (error instanceof ConnectionError || ("fatal" in original && original.fatal === true)) return true;
  return "code" in original && typeof original.code === "string" && lostConnection.has(original.code);
};

const numberOf = (error: unknown): number => {
  if (!(error instanceof Error)) return 0;
  const original = originalOf(error);
  return "errno" in original && typeof original.errno === "number" ? original.errno : 0;
};

const sqlStateOf = (error: Error): string => {
  const original = originalOf(error);
  return "sqlState" in original && typeof original.sqlState === "string" ? original.sqlState : "";
};

const originalOf = (error: Error): Error =>
  "original" in error && error.original instanceof Error ? error.original : error;
