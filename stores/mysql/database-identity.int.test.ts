/** The identity of the real database. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openDatabase } from "./database.ts";
import { readDatabaseIdentity } from "./database-identity.ts";
import { databaseUnderTest } from "./testing/database-under-test.ts";

const { url, database } = databaseUnderTest();
// One connection, so that its temporary table stands before the real one.
const alone = openDatabase({ databaseUrl: url, poolMax: 1 });
after(() => alone.close());

test("database identity: is the same whenever it is read", async () => {
  const id = await readDatabaseIdentity(database);
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal(await readDatabaseIdentity(database), id);
});

test("database identity: says what to do when there is none", async () => {
  await alone.sequelize.query("CREATE TEMPORARY TABLE database_identity (one INT, id CHAR(36))");
  const found = readDatabaseIdentity(alone);
  await assert.rejects(found, { code: "DATABASE_IDENTITY", message: /sluice topology apply/ });
});
