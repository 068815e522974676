/** What the tables of operations have in common: they may not be there yet, and locks on them end with a connection. */
import { Fatal, Unavailable } from "../../../engine/errors.ts";
import type { Database } from "../database.ts";
import { classified } from "../errors.ts";
import { type Session, withSession } from "../session.ts";

/** What `read` answers; undefined where a table is not there yet. @throws as `withSession` does */
export const found = async <T>(database: Database, read: (session: Session) => Promise<T>): Promise<T | undefined> => {
  try {
    return await withSession(database, read);
  } catch (error) {
    if (error instanceof Fatal && error.code === noSuchTable) return undefined;
    throw error;
  }
};
const noSuchTable = "DATABASE_1146";

/** A named lock is its connection's: where that is lost, so is the lock. @throws what `lost` makes, in that case */
export const unlessDisconnected = async <T>(ask: () => Promise<T>, lost: () => Error): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    // Statements of a session throw the driver's errors, which only withSession classifies.
    if (classified(error) instanceof Unavailable) throw lost();
    throw error;
  }
};
