/** What each kind of database error becomes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionAcquireTimeoutError, ConnectionRefusedError, DatabaseError, UniqueConstraintError } from "sequelize";
import { AccessRefused, type Disposition, PipelineError, Poison, Unavailable } from "../../engine/errors.ts";
import { StatementTimeout } from "./connection.ts";
import { classified, endsConnection, isConflict } from "./errors.ts";

const driverError = (fields: object): Error => Object.assign(new Error("as the server puts it"), fields);

const cases: readonly (readonly [name: string, error: Error, disposition: Disposition, code: string])[] = [
  ["a deadlock", driverError({ errno: 1213 }), "retriable", "DEADLOCK"],
  ["a lock time-out", driverError({ errno: 1205 }), "unavailable", "LOCK_WAIT_TIMEOUT"],
  ["a lock that is not waited for", driverError({ errno: 3572 }), "unavailable", "LOCK_WAIT_TIMEOUT"],
  ["a row changed since it was read", driverError({ errno: 1020 }), "retriable", "CHANGED_SINCE_READ"],
  ["too many connections", driverError({ errno: 1040, fatal: true }), "unavailable", "UNAVAILABLE"],
  ["a server that stops", driverError({ errno: 1053, fatal: true }), "unavailable", "UNAVAILABLE"],
  ["a full disk", driverError({ errno: 1021 }), "unavailable", "UNAVAILABLE"],
  ["a read-only server", driverError({ errno: 1290 }), "unavailable", "UNAVAILABLE"],
  ["MariaDB's statement time-out", driverError({ errno: 1969 }), "unavailable", "UNAVAILABLE"],
  ["MySQL's statement time-out", driverError({ errno: 3024 }), "unavailable", "UNAVAILABLE"],
  ["a killed connection", driverError({ errno: 1927 }), "unavailable", "UNAVAILABLE"],
  ["a refused connection", driverError({ code: "ECONNREFUSED", errno: -111 }), "unavailable", "UNAVAILABLE"],
  ["a lost connection", driverError({ code: "PROTOCOL_CONNECTION_LOST", fatal: true }), "unavailable", "UNAVAILABLE"],
  ["a command on a closed connection, which has no code", driverError({ fatal: true }), "unavailable", "UNAVAILABLE"],
  ["our own time-out", new StatementTimeout(12_000), "unavailable", "UNAVAILABLE"],
  ["a node that left its cluster", driverError({ errno: 1047, sqlState: "08S01" }), "unavailable", "UNAVAILABLE"],
  ["a server that went offline", driverError({ errno: 3032 }), "unavailable", "UNAVAILABLE"],
  ["a replication group without a quorum", driverError({ errno: 3100 }), "unavailable", "UNAVAILABLE"],
  ["statements that others used up", driverError({ errno: 1461 }), "unavailable", "UNAVAILABLE"],
  ["a replaced statement", driverError({ errno: 1615 }), "unavailable", "UNAVAILABLE"],
  ["a statement of another connection", driverError({ errno: 1243 }), "unavailable", "UNAVAILABLE"],
  ["a binary log of another format", driverError({ errno: 1665, sqlState: "HY000" }), "unavailable", "UNAVAILABLE"],
  ["a replica that was promoted", driverError({ errno: 1950, sqlState: "HY000" }), "unavailable", "UNAVAILABLE"],
  ["a GTID that is somebody's", driverError({ errno: 1837, sqlState: "HY000" }), "unavailable", "UNAVAILABLE"],
  ["a group's own check", driverError({ errno: 3098, sqlState: "HY000" }), "unavailable", "UNAVAILABLE"],
  ["a file that is gone", driverError({ errno: 1017, sqlState: "HY000" }), "unavailable", "UNAVAILABLE"],
  ["a stack that is too small", driverError({ errno: 1436, sqlState: "HY000" }), "unavailable", "UNAVAILABLE"],
  ["a trigger without its user", driverError({ errno: 1449, sqlState: "HY000" }), "unavailable", "DATABASE_1449"],
  ["a proxy without a server", driverError({ errno: 9001, sqlState: "HY000" }), "unavailable", "UNAVAILABLE"],
  [
    "a connection's error of a later release",
    driverError({ errno: 7777, sqlState: "08S01" }),
    "unavailable",
    "UNAVAILABLE",
  ],
  ["a certification that failed", driverError({ errno: 3101, sqlState: "40000" }), "retriable", "DATABASE_3101"],
  ["a rollback of a later release", driverError({ errno: 7777, sqlState: "40001" }), "retriable", "DATABASE_7777"],
  ["a value of a later release", driverError({ errno: 7777, sqlState: "22001" }), "poison", "DATABASE_7777"],
  ["a locked account", driverError({ errno: 3118, fatal: true }), "unavailable", "DATABASE_3118"],
  ["a value too long", driverError({ errno: 1406 }), "poison", "DATABASE_1406"],
  ["a value out of range", driverError({ errno: 1264 }), "poison", "DATABASE_1264"],
  ["MariaDB's violated CHECK", driverError({ errno: 4025 }), "poison", "DATABASE_4025"],
  ["MySQL's violated CHECK", driverError({ errno: 3819 }), "poison", "DATABASE_3819"],
  ["a refused login", driverError({ errno: 1045, fatal: true }), "unavailable", "DATABASE_1045"],
  ["a missing table", driverError({ errno: 1146 }), "fatal", "DATABASE_1146"],
  ["a missing schema", driverError({ errno: 1049, fatal: true }), "fatal", "DATABASE_1049"],
  ["Sequelize's refused connection", new ConnectionRefusedError(driverError({})), "unavailable", "UNAVAILABLE"],
  ["Sequelize's empty pool", new ConnectionAcquireTimeoutError(new Error("timeout")), "unavailable", "UNAVAILABLE"],
];

for (const [name, error, disposition, code] of cases) {
  test(`classified: calls ${name} ${disposition}`, () => {
    const mine = classified(error);
    assert.ok(mine instanceof PipelineError);
    assert.deepEqual([mine.disposition, mine.code, mine.cause], [disposition, code, error]);
  });
}

test("classified: says what to run when a table is missing", () => {
  assert.match(String(classified(driverError({ errno: 1146 }))), /run: sluice topology apply$/);
});

test("classified: names the database as what is away", () => {
  const mine = classified(driverError({ code: "ECONNRESET" }));
  assert.equal(mine instanceof Unavailable && mine.who, "database");
});

for (const errno of [1044, 1045, 1129, 1142, 1143, 1227, 1698, 3118, 4150, 4151]) {
  test(`classified: is a refusal, which says what to look at, when the server answers ${errno}`, () => {
    const mine = classified(driverError({ errno, fatal: true }));
    assert.ok(mine instanceof AccessRefused);
    assert.deepEqual([mine.who, mine.code], ["database", `DATABASE_${errno}`]);
    assert.match(mine.message, /^the database refuses us: .*; check user, password and rights of SLUICE_DATABASE_URL/);
    assert.equal(endsConnection(driverError({ errno })), true);
  });
}

test("classified: looks into what Sequelize wraps", () => {
  const mine = classified(new DatabaseError(Object.assign(driverError({ errno: 1213 }), { sql: "SELECT 1" })));
  assert.equal(mine instanceof PipelineError && mine.code, "DEADLOCK");
  const lost = classified(new DatabaseError(Object.assign(driverError({ fatal: true }), { sql: "SELECT 1" })));
  assert.ok(lost instanceof Unavailable);
});

test("classified: passes on what it does not know, and what has its class", () => {
  // What is sent together is too large: the connection ends with it, and halves of it fit.
  const tooLarge = driverError({ errno: 1153, sqlState: "08S01", fatal: true });
  const others = [
    new Error("?"),
    driverError({ errno: 1062, sqlState: "23000" }),
    tooLarge,
    new UniqueConstraintError({}),
    "text",
    undefined,
  ];
  for (const other of [...others, new Poison("X", "y")]) assert.equal(classified(other), other);
});

test("is-conflict: is true for what may simply run again, and for nothing else", () => {
  const mayRunAgain = ([, , disposition, code]: (typeof cases)[number]): boolean =>
    disposition === "retriable" || code === "LOCK_WAIT_TIMEOUT";
  assert.deepEqual(
    cases.filter(([, error]) => isConflict(error)),
    cases.filter(mayRunAgain),
  );
});
