/** Asks whether a database takes what a process asks it all day: to be read, and to be written. Changes nothing. */
import type { Database } from "./database.ts";
import { readDatabaseIdentity } from "./database-identity.ts";
import { withSession } from "./session.ts";

/** Needs the right to write, and a server that takes writes; finds no row. */
const write = "UPDATE database_identity SET id = id WHERE FALSE";

/**
 * Resolves where it takes both: a user that may only read, or a server that is read-only, answers reads as ever and would fail
 * every payment. @throws as {@link readDatabaseIdentity} does
 */
export const readsAndWrites = async (database: Database): Promise<void> => {
  await readDatabaseIdentity(database);
  await withSession(database, ({ change }) => change(write, []));
};
