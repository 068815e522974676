/**
 * The settings of a session that our statements rely on, set on every connection before it is used: an administrator's global
 * value, an option file or init_connect may have changed any of them. What only costs time (optimizer, buffers) is left alone,
 * and so is what a cluster's operator decides about reads (wsrep_sync_wait, group_replication_consistency).
 */
import { type MysqlConnection, run } from "./connection.ts";

/** The limits that a pool gives its sessions. */
export interface SessionLimits {
  readonly statementTimeoutMs: number;
  readonly lockWaitTimeoutSeconds: number;
  readonly idleTransactionTimeoutSeconds: number;
}

/**
 * A connection may be idle for this long before the server ends it: well above the age at which a pool replaces it, so that
 * no statement meets a connection that is being closed. The relay's lead has less; see outbox-table.ts.
 */
const idleConnectionSeconds = 600;

/**
 * A lock is waited for nearly as long as a statement may take: it must be what ends first, or nobody is told of it. Whole seconds,
 * and one at least; a statement of one second does not say it.
 */
const longestLockWait = "GREATEST(1, CEILING(@sluice_statement_ms / 1000) - 1)";

/** What each is for; names that both servers have. */
const settings: readonly (readonly [name: string, value: string])[] = [
  // Outside of a transaction each statement is one by itself: otherwise nothing that is written so is ever kept.
  ["autocommit", "1"],
  // COMMIT ends a transaction and does nothing else: neither another transaction nor the end of the connection.
  ["completion_type", "'NO_CHAIN'"],
  // What does not fit is refused instead of cut. Without ANSI_QUOTES, PIPES_AS_CONCAT and NO_BACKSLASH_ESCAPES texts mean what they say.
  ["sql_mode", "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"],
  ["time_zone", "'+00:00'"],
  // For rows, and for a table that is locked or being changed.
  ["innodb_lock_wait_timeout", `LEAST(@sluice_lock_wait, ${longestLockWait})`],
  ["lock_wait_timeout", longestLockWait],
  ["foreign_key_checks", "1"],
  ["unique_checks", "1"],
  // Whole tables are read page by page, and large updates are made by joins.
  ["sql_safe_updates", "0"],
  ["sql_select_limit", "18446744073709551615"],
  ["max_join_size", "18446744073709551615"],
  ["sql_big_selects", "1"],
  ["sql_auto_is_null", "0"],
  ["wait_timeout", String(idleConnectionSeconds)],
  ["net_read_timeout", "30"],
  ["net_write_timeout", "60"],
];

/** What only one of the servers has. The comments: only MariaDB reads `M!`, only MySQL reads `!50799`. */
const ofOneServer = `
  /*M!100100 , max_statement_time = @sluice_statement_ms / 1000 */
  /*M!100300 , idle_transaction_timeout = @sluice_idle_transaction */
  /*M!100103 , old_mode = '' */
  /*!50799 , max_execution_time = @sluice_statement_ms */`;

const set = `SET SESSION ${settings.map(([name, value]) => `${name} = ${value}`).join(",\n  ")} ${ofOneServer}`;

const limits = `SET @sluice_statement_ms = CAST(? AS UNSIGNED), @sluice_lock_wait = CAST(? AS UNSIGNED),
  @sluice_idle_transaction = CAST(? AS UNSIGNED)`;

/**
 * READ COMMITTED takes no gap locks for what is merely read, so rounds of neighbouring coupons don't meet; READ WRITE, where
 * transactions were made read-only for everybody.
 */
const transactions = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";

/** What the driver asks for at the handshake; a server may be told to ignore it (skip-character-set-client-handshake). */
const characters = "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci";

/** Gives a new connection its settings. @throws what the driver throws: then nobody may use it. */
export const settle = async (connection: MysqlConnection, of: SessionLimits): Promise<void> => {
  // Of what is prepared the server may keep too many: only the one statement with parameters is.
  await run(connection, transactions);
  await run(connection, characters);
  await run(connection, limits, [of.statementTimeoutMs, of.lockWaitTimeoutSeconds, of.idleTransactionTimeoutSeconds]);
  await run(connection, set);
};
