/**
 * Deployments of the real database, in the tables that every apply uses: so this file runs when no other does, and takes
 * its rows out again.
 */
import { after } from "node:test";
import { deploymentsContract } from "../../../engine/deploy/testing/deployments-contract.ts";
import { columns, integerColumn, nullable } from "../columns/columns.ts";
import { databaseUrl } from "../../testing/endpoints.ts";
import { openDatabase } from "../database.ts";
import { withSession } from "../session.ts";
import { deploymentsOf } from "./deployments.ts";

const url = databaseUrl();
const database = openDatabase({ databaseUrl: url });
const second = openDatabase({ databaseUrl: url });
after(async () => {
  await second.sequelize.query("DELETE FROM deployment WHERE topology = 'shop'");
  await second.sequelize.query("DELETE FROM operation WHERE host = 'h1'");
  await Promise.all([database.close(), second.close()]);
});

const lockName = "CONCAT('sluice-apply-', LEFT(SHA2(DATABASE(), 256), 32))";
const owner = columns("apply_lock", { owner: nullable(integerColumn()) }, { owner: `IS_USED_LOCK(${lockName})` });

deploymentsContract("mysql deployments", () => ({
  deployments: deploymentsOf(database, { databaseUrl: url }),
  other: deploymentsOf(second, { databaseUrl: url }),
  loseLock: async () => {
    const [row] = await withSession(second, ({ select }) => select(owner, `SELECT ${owner.list}`, []));
    if (typeof row?.owner === "number") await second.sequelize.query(`KILL ${row.owner}`);
  },
}));
