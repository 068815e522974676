/** A place between the parts of a process as they are put together. For tests that break a part: see test/faults. */
import type { Log } from "../../engine/log/log.ts";
import type { Database } from "../../stores/mysql/database.ts";

/** Puts something around the parts that leave the process. */
export interface ProcessHooks {
  readonly log: (log: Log) => Log;
  readonly database: (database: Database) => Database;
}

/** What every process has around its parts. */
export const noHooks: ProcessHooks = { log: (log) => log, database: (database) => database };
