/** Transactions for Sequelize's models, with the bounds and the errors of every other statement here. */
import type { Transaction } from "sequelize";
import { asMysqlConnection, StatementTimeout } from "./connection.ts";
import type { Database } from "./database.ts";
import { classified } from "./errors.ts";
import { retryingConflicts } from "./session.ts";

/**
 * Runs `work` in one transaction and commits; again from the start after a deadlock or a lock time-out. Models have no
 * limit of their own, so the whole transaction has two statements' worth.
 * @throws Unavailable @throws Retriable @throws Poison @throws Fatal as errors.ts has it; what it has no class for as it is.
 */
export const inModelTransaction = async <T>(
  database: Database,
  work: (inside: { readonly transaction: Transaction }) => Promise<T>,
): Promise<T> => {
  const limitMs = 2 * database.statementTimeoutMs;
  const attempt = async (): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await database.sequelize.transaction((transaction) => {
        // Not in Sequelize's types, but it is how it binds its own queries to the transaction.
        const { connection } = transaction as Transaction & { readonly connection: object };
        const { stream } = asMysqlConnection(connection);
        timer = setTimeout(() => stream.destroy(new StatementTimeout(limitMs)), limitMs);
        return work({ transaction });
      });
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    return await retryingConflicts(attempt);
  } catch (error) {
    throw classified(error);
  }
};
