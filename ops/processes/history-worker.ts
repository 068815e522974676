/** Composition root of a worker that remembers payments. */
import { openDatabase } from "../../stores/mysql/database.ts";
import { transactionHistory as historyOf } from "../../stores/mysql/payments/transaction-history.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import type { ProcessContext, Running } from "../../engine/app/process.ts";
import { startTopologyWorker } from "../../engine/app/topology-worker.ts";

/** Starts a worker of the transaction history. @throws where the group cannot be joined. */
export const startHistoryWorker = async (context: ProcessContext, hooks: ProcessHooks = noHooks): Promise<Running> => {
  const database = hooks.database(openDatabase({ databaseUrl: context.config.databaseUrl }));
  return startTopologyWorker(context, {
    topology: transactionHistory,
    deps: () => ({ history: historyOf(database) }),
    close: database.close,
    wrapLog: hooks.log,
  });
};
