/** Test files run side by side on one database, and an outbox has one leader: those that lead it take turns. */
import { openDatabase } from "../database.ts";
import { withSession } from "../session.ts";
import { numberColumns } from "./number-of.ts";

const take = "SELECT COALESCE(GET_LOCK('sluice-test-outbox', 5), 0) AS n";

/** Waits until no other test file has the outbox; answers how to give it back. Ends with the process in any case. */
export const exclusiveOutbox = async (databaseUrl: string): Promise<() => Promise<void>> => {
  const database = openDatabase({ databaseUrl, poolMax: 1, poolKeptIdle: 0 });
  const taken = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const held = withSession(database, async ({ select }) => {
    for (let taken = 0; taken !== 1; ) taken = (await select(numberColumns, take, []))[0]?.n ?? 0;
    taken.resolve();
    await done.promise;
  });
  await Promise.race([taken.promise, held]);
  return async () => {
    done.resolve();
    await held;
    await database.close();
  };
};
