/** Migrations against the real database, several migrators at once. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { databaseUrl } from "../testing/endpoints.ts";
import { aReservationId, many } from "../../processors/testing/samples.ts";
import { openDatabase } from "./database.ts";
import { applyMigrations, migrate, migrations } from "./migrate.ts";
import type { Migration } from "./migration.ts";

const url = databaseUrl();
const database = openDatabase({ databaseUrl: url });
after(() => database.close());

test("migrate: applies nothing when all is applied", async () => {
  await migrate({ databaseUrl: url });
  assert.deepEqual(await migrate({ databaseUrl: url }), []);
});

test("migrate: does not fail when every statement runs again, because what it did was not remembered", async () => {
  await migrate({ databaseUrl: url });
  const log = `migration_test_${aReservationId().slice(-12)}`;
  try {
    const applied = await applyMigrations(database, { migrations, tableName: log });
    assert.equal(applied.length, migrations.length);
  } finally {
    await database.sequelize.query(`DROP TABLE IF EXISTS ${log}`);
  }
});

test("migrate: has every migration under a name of its own, in order", () => {
  const names = migrations.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)].toSorted());
});

test("migrate: applies each migration once when several migrators start at once", async () => {
  const suffix = aReservationId().slice(-12);
  const [made, log] = [`migrate_test_${suffix}`, `migration_test_${suffix}`];
  // Unlike a real one this can't run twice: a second migrator would fail.
  const mine: readonly Migration[] = [
    { name: "0001-make", statements: [`CREATE TABLE ${made} (id INT PRIMARY KEY)`, `INSERT INTO ${made} VALUES (1)`] },
    { name: "0002-fill", statements: [`INSERT INTO ${made} SELECT id + 1 FROM ${made}`] },
  ];
  const migrators = many(4, () => openDatabase({ databaseUrl: url, poolMax: 3, poolKeptIdle: 0 }));
  try {
    const applied = await Promise.all(
      migrators.map((migrator) => applyMigrations(migrator, { migrations: mine, tableName: log })),
    );
    assert.deepEqual(applied.flat(), ["0001-make", "0002-fill"]);
    assert.equal(applied.filter((names) => names.length > 0).length, 1);
    const [rows] = await database.sequelize.query(`SELECT id FROM ${made} ORDER BY id`);
    assert.deepEqual(rows, [{ id: 1 }, { id: 2 }]);
  } finally {
    for (const migrator of migrators) await migrator.close();
    await database.sequelize.query(`DROP TABLE IF EXISTS ${made}, ${log}`);
  }
});

test("migrate: applies the rest when one failed half-way and is run again", async () => {
  const suffix = aReservationId().slice(-12);
  const [made, log] = [`migrate_test_${suffix}`, `migration_test_${suffix}`];
  const good = `CREATE TABLE IF NOT EXISTS ${made} (id INT PRIMARY KEY)`;
  const first = { name: "0001-make", statements: [good] };
  const apply = (...statements: readonly string[]) =>
    applyMigrations(database, { migrations: [first, { name: "0002-fill", statements }], tableName: log });
  try {
    await assert.rejects(apply(`REPLACE INTO ${made} VALUES (1)`, "SELECT nonsense"));
    assert.deepEqual(await apply(`REPLACE INTO ${made} VALUES (1)`), ["0002-fill"]);
  } finally {
    await database.sequelize.query(`DROP TABLE IF EXISTS ${made}, ${log}`);
  }
});
