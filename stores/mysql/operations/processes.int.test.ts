/** The list of processes of the real database: it takes its rows out again. */
import { after, before } from "node:test";
import { contractHost, processesContract } from "../../../engine/deploy/testing/processes-contract.ts";
import { databaseUrl } from "../../testing/endpoints.ts";
import { openDatabase } from "../database.ts";
import { migrate } from "../migrate.ts";
import { processesOf } from "./processes.ts";

const url = databaseUrl();
const database = openDatabase({ databaseUrl: url });
before(async () => {
  await migrate({ databaseUrl: url });
});
after(async () => {
  await database.sequelize.query(`DELETE FROM running_process WHERE host = '${contractHost}'`);
  await database.close();
});

processesContract("mysql processes", () => ({
  processes: processesOf(database),
  silence: async (id, ms) => {
    await database.sequelize.query(`UPDATE running_process SET beat_at = beat_at - ${ms} WHERE id = '${id}'`);
  },
}));
