/** Transactions for Sequelize's models, with the retries and the errors of the hand-written ones. */
import type { Transaction } from "sequelize";
import type { Database } from "../database.ts";
import { classified } from "../errors.ts";
import { retryingConflicts } from "../session.ts";

/**
 * Runs `work` in one transaction and commits; again from the start after a deadlock or a lock time-out.
 * @throws Unavailable @throws Retriable @throws Poison @throws Fatal as errors.ts has it; what it has no class for as it is.
 */
export const inModelTransaction = async <T>(
  { sequelize }: Database,
  work: (inside: { readonly transaction: Transaction }) => Promise<T>,
): Promise<T> => {
  try {
    return await retryingConflicts(() => sequelize.transaction((transaction) => work({ transaction })));
  } catch (error) {
    throw classified(error);
  }
};
