/** Replays of the real database, in the tables that every replay uses: it takes its rows out again. */
import { after, before } from "node:test";
import { setImmediate } from "node:timers/promises";
import { contractHost, replaysContract } from "../../../engine/dlq/testing/replays-contract.ts";
import { databaseUrl } from "../../testing/endpoints.ts";
import { columns, integerColumn, nullable } from "../columns/columns.ts";
import { openDatabase } from "../database.ts";
import { withSession } from "../session.ts";
import { migrate } from "../migrate.ts";
import { replaysOf } from "./replays.ts";

const url = databaseUrl();
const database = openDatabase({ databaseUrl: url });
const second = openDatabase({ databaseUrl: url });
before(async () => {
  await migrate({ databaseUrl: url });
});
after(async () => {
  await second.sequelize.query(
    `DELETE replay_job FROM replay_job JOIN operation ON number = operation_number WHERE host = '${contractHost}'`,
  );
  await second.sequelize.query("DELETE FROM dlq_discard WHERE topology LIKE 'shop-%'");
  await second.sequelize.query(`DELETE FROM operation WHERE host = '${contractHost}'`);
  await Promise.all([database.close(), second.close()]);
});

const lockName = "CONCAT('sluice-dlq-', LEFT(SHA2(CONCAT(DATABASE(), '/', ?), 256), 32))";
const owner = columns("dlq_lock", { owner: nullable(integerColumn()) }, { owner: `IS_USED_LOCK(${lockName})` });

replaysContract("mysql replays", () => ({
  replays: replaysOf(database),
  other: replaysOf(second),
  loseLock: async (topology) => {
    const lockOwner = async (): Promise<number | null> => {
      const [row] = await withSession(second, ({ select }) => select(owner, `SELECT ${owner.list}`, [topology]));
      return row?.owner ?? null;
    };
    const connection = await lockOwner();
    if (connection !== null) await second.sequelize.query(`KILL ${connection}`);
    // The server ends a connection soon after it has answered to KILL.
    while ((await lockOwner()) !== null) await setImmediate();
  },
}));
