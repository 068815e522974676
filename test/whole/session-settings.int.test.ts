// Sessions on a server whose administrator has changed every global value that a session begins with.
import assert from "node:assert/strict";
import { relative } from "node:path";
import { after, before, test } from "node:test";
import mysql from "mysql2/promise";
import { layoutOf } from "../../dev/stack/layout.ts";
import { asMysqlConnection, run } from "../../stores/mysql/connection.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { databaseUnderTest } from "../../stores/mysql/testing/database-under-test.ts";
import { Contended } from "../../engine/errors.ts";
import { inTransaction, withSession } from "../../stores/mysql/session.ts";
import { numberColumns } from "../../stores/mysql/testing/number-of.ts";

const { url } = databaseUnderTest();

/** What was changed, and what our sessions have all the same. */
const changes: readonly (readonly [name: string, changed: string, ours: unknown])[] = [
  ["autocommit", "0", 1],
  ["completion_type", "'RELEASE'", "NO_CHAIN"],
  ["sql_mode", "'ANSI_QUOTES,PIPES_AS_CONCAT'", "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"],
  ["time_zone", "'+09:00'", "+00:00"],
  ["tx_isolation", "'SERIALIZABLE'", "READ-COMMITTED"],
  ["tx_read_only", "1", 0],
  ["innodb_lock_wait_timeout", "90", 3],
  ["lock_wait_timeout", "1", 9],
  ["foreign_key_checks", "0", 1],
  ["unique_checks", "0", 1],
  ["sql_safe_updates", "1", 0],
  ["sql_select_limit", "1", "18446744073709551615"],
  ["max_join_size", "1", "18446744073709551615"],
  ["sql_big_selects", "0", 1],
  ["sql_auto_is_null", "1", 0],
  ["wait_timeout", "2", 600],
  ["net_read_timeout", "1", 30],
  ["net_write_timeout", "1", 60],
  ["max_statement_time", "0", 10],
  ["idle_transaction_timeout", "0", 10],
  ["old_mode", "'NO_PROGRESS_INFO'", ""],
  ["character_set_client", "latin1", "utf8mb4"],
  ["character_set_connection", "latin1", "utf8mb4"],
  ["character_set_results", "latin1", "utf8mb4"],
  ["collation_connection", "latin1_german2_ci", "utf8mb4_unicode_ci"],
];

// The socket's path may be at most 107 bytes long, so it is given from here.
const asRoot = () =>
  mysql.createConnection({
    socketPath: relative(process.cwd(), `${layoutOf("test").data("mariadb")}/mariadb.sock`),
    user: "root",
  });

const names = changes.map(([name]) => name);
const globals: Record<string, unknown> = {};

before(async () => {
  const root = await asRoot();
  const [rows] = await root.query(`SELECT ${names.map((name) => `@@GLOBAL.${name} AS ${name}`).join(", ")}`);
  Object.assign(globals, (rows as readonly object[])[0]);
  for (const [name, changed] of changes) await root.query(`SET GLOBAL ${name} = ${changed}`);
  await root.query("SET GLOBAL init_connect = 'SET NAMES latin1'");
  await root.end();
});

after(async () => {
  const root = await asRoot();
  for (const name of names) await root.query(`SET GLOBAL ${name} = ?`, [globals[name]]);
  await root.query("SET GLOBAL init_connect = ''");
  await root.end();
});

test("session settings: are ours when every global value is another one", async () => {
  const mine = openDatabase({ databaseUrl: url, poolMax: 1, poolKeptIdle: 0 });
  const connection = asMysqlConnection(await mine.sequelize.connectionManager.getConnection({ type: "write" }));
  try {
    const answer = await run(connection, `SELECT ${names.map((name) => `@@SESSION.${name} AS ${name}`).join(", ")}`);
    const [row] = answer as readonly Record<string, unknown>[];
    assert.deepEqual({ ...row }, Object.fromEntries(changes.map(([name, , ours]) => [name, ours])));
  } finally {
    mine.sequelize.connectionManager.releaseConnection(connection);
    await mine.close();
  }
});

test("session settings: keep what is written outside of a transaction when autocommit is off for everybody", async () => {
  const [one, other] = [0, 1].map(() => openDatabase({ databaseUrl: url, poolMax: 1, poolKeptIdle: 0 }));
  assert.ok(one && other);
  const insert =
    "INSERT INTO partition_lease (topology, topic, partition_no, epoch, holder, taken_at) VALUES ('kept', ?, 0, 1, '', 1)";
  const count = "SELECT COUNT(*) AS n FROM partition_lease WHERE topology = 'kept' AND topic = ?";
  const topic = `t-${process.pid}-${Date.now()}`;
  try {
    await withSession(one, ({ change }) => change(insert, [topic]));
    const [row] = await withSession(other, ({ select }) => select(numberColumns, count, [topic]));
    assert.equal(row?.n, 1);
  } finally {
    await withSession(one, ({ change }) =>
      change("DELETE FROM partition_lease WHERE topology = 'kept' AND topic = ?", [topic]),
    );
    await Promise.all([one.close(), other.close()]);
  }
});

/** What somebody else does to a table; what it is waited for by. */
const tableLocks: readonly (readonly [what: string, lock: string])[] = [
  ["locked by LOCK TABLES", "LOCK TABLES lock_wait_test WRITE"],
  ["locked with all others", "LOCK TABLES lock_wait_test READ"],
];
for (const [what, lock] of tableLocks)
  test(`session settings: a statement says that a lock is in its way, and not that its time was up, when its table is ${what}`, async () => {
    const mine = openDatabase({ databaseUrl: url, poolMax: 1, poolKeptIdle: 0, statementTimeoutMs: 2_000 });
    const other = await asRoot();
    try {
      await other.query("SET SESSION TRANSACTION READ WRITE");
      await other.query("SET SESSION completion_type = 'NO_CHAIN', wait_timeout = 60");
      await other.query(`USE ${new URL(url).pathname.slice(1)}`);
      await other.query("CREATE TABLE IF NOT EXISTS lock_wait_test (n INT NOT NULL PRIMARY KEY) ENGINE = InnoDB");
      await other.query(lock);
      await assert.rejects(
        inTransaction(mine, ({ change }) => change("INSERT INTO lock_wait_test (n) VALUES (1)", [])),
        (error) => error instanceof Contended && error.code === "LOCK_WAIT_TIMEOUT",
      );
    } finally {
      await other.query("UNLOCK TABLES");
      await other.query("DROP TABLE IF EXISTS lock_wait_test");
      await other.end();
      await mine.close();
    }
  });
