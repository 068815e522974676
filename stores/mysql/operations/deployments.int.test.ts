/** Deployments in a database of their own, so that no other test's apply is in the way. */
import { after, before } from "node:test";
import { deploymentsContract } from "../../../engine/deploy/testing/deployments-contract.ts";
import { columns, integerColumn, nullable } from "../columns.ts";
import { databaseUrl } from "../../testing/endpoints.ts";
import { openDatabase } from "../database.ts";
import { withSession } from "../session.ts";
import { deploymentsOf } from "./deployments.ts";

const shared = databaseUrl();
const url = new URL(shared);
url.pathname = "/sluice_deployments_test";
const name = url.pathname.slice(1);

const admin = openDatabase({ databaseUrl: shared });
before(async () => {
  await admin.sequelize.query(`DROP DATABASE IF EXISTS ${name}`);
  await admin.sequelize.query(`CREATE DATABASE ${name}`);
});
const database = openDatabase({ databaseUrl: url.href });
const second = openDatabase({ databaseUrl: url.href });
after(async () => {
  await Promise.all([database.close(), second.close()]);
  await admin.sequelize.query(`DROP DATABASE ${name}`);
  await admin.close();
});

const lockName = "CONCAT('sluice-apply-', LEFT(SHA2(DATABASE(), 256), 32))";
const owner = columns("apply_lock", { owner: nullable(integerColumn()) }, { owner: `IS_USED_LOCK(${lockName})` });

deploymentsContract("mysql deployments", () => ({
  deployments: deploymentsOf(database, { databaseUrl: url.href }),
  other: deploymentsOf(second, { databaseUrl: url.href }),
  loseLock: async () => {
    const [row] = await withSession(second, ({ select }) => select(owner, `SELECT ${owner.list}`, []));
    if (typeof row?.owner === "number") await second.sequelize.query(`KILL ${row.owner}`);
  },
}));
