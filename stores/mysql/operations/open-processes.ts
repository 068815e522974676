/** Opens the list of processes of a database, with one connection, which is given back between two beats. */
import type { OpenProcesses } from "../../../engine/deploy/processes.ts";
import { openDatabase } from "../database.ts";
import { processesOf } from "./processes.ts";

/** Opens it; works while the database is away. @throws Fatal DATABASE_URL */
export const openProcesses = async (config: { readonly databaseUrl: string }): Promise<OpenProcesses> => {
  const limits = { poolMax: 1, poolKeptIdle: 0, connectTimeoutMs: 3_000, acquireTimeoutMs: 4_000 };
  const database = openDatabase({ ...config, ...limits, statementTimeoutMs: 2_000 });
  return { processes: processesOf(database), close: database.close };
};
