/** Opens the replays of a database, with few connections: one for the lock and one to read. */
import type { OpenReplays } from "../../../engine/dlq/jobs/replays.ts";
import { openDatabase } from "../database.ts";
import { replaysOf } from "./replays.ts";

/** Opens them; works while the database is away. @throws Fatal DATABASE_URL */
export const openReplays = async (config: { readonly databaseUrl: string }): Promise<OpenReplays> => {
  const database = openDatabase({ ...config, poolMax: 3, poolKeptIdle: 0 });
  return { replays: replaysOf(database), close: database.close };
};
