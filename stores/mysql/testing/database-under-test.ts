/** The real database of a test file: migrated before its first test, its pool closed after its last. */
import { after, before } from "node:test";
import { databaseUrl } from "../../testing/endpoints.ts";
import { type Database, openDatabase } from "../database.ts";
import { migrate } from "../migrate.ts";

/** Opens the stack's database and registers the hooks. Call it once, at the head of a file. @throws Error where no stack is running. */
export const databaseUnderTest = (): { readonly url: string; readonly database: Database } => {
  const url = databaseUrl();
  const database = openDatabase({ databaseUrl: url });
  before(async () => {
    await migrate({ databaseUrl: url });
  });
  after(() => database.close());
  return { url, database };
};
