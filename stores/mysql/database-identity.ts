/**
 * The identity of a database: a UUID that a migration made, in the database itself. Not its address, which changes when it
 * moves; so a database that is moved, or restored from a backup, is still the same one.
 */
import { Fatal } from "../../engine/errors.ts";
import { columns, textColumn } from "./columns/columns.ts";
import type { Database } from "./database.ts";
import { found } from "./operations/tables.ts";

const identity = columns("database_identity", { id: textColumn() });
const read = `SELECT ${identity.list} FROM database_identity WHERE one = 1`;

/**
 * Reads it.
 * @throws Fatal (DATABASE_IDENTITY) where there is none: the migrations were not applied, or somebody deleted the row.
 * @throws Unavailable where the database is away.
 */
export const readDatabaseIdentity = async (database: Database): Promise<string> => {
  const [row] = (await found(database, ({ select }) => select(identity, read, []))) ?? [];
  if (row !== undefined) return row.id;
  throw new Fatal(
    "DATABASE_IDENTITY",
    "the database has no identity: expected one row in database_identity, got none. Run: sluice topology apply; if the row was deleted, INSERT INTO database_identity (one, id) VALUES (1, UUID())",
  );
};
