/** Opens the deployments of a database, with few connections: one for the lock and one to read. */
import type { Deployments } from "../../../engine/deploy/deployments.ts";
import { openDatabase } from "../database.ts";
import { deploymentsOf } from "./deployments.ts";

/** Opens them; works while the database is away. @throws Fatal DATABASE_URL */
export const openDeployments = async (config: {
  readonly databaseUrl: string;
}): Promise<{ readonly deployments: Deployments; readonly close: () => Promise<void> }> => {
  const database = openDatabase({ ...config, poolMax: 3, poolKeptIdle: 0 });
  return { deployments: deploymentsOf(database, config), close: database.close };
};
