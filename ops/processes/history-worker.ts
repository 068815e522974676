/** Opens the port of the transaction history: its table. */
import { openDatabase } from "../../stores/mysql/database.ts";
import { transactionHistory as historyOf } from "../../stores/mysql/payments/transaction-history.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import type { Opened } from "../../engine/app/define-app.ts";
import type { NeedsOf } from "../../engine/flow/dsl.ts";
import type { transactionHistory } from "../../topology/transaction-history.ts";
import type { ShopContext } from "../config.ts";

/** Opens it. The database may be away. */
export const openTransactionHistory = async (
  { config }: ShopContext,
  hooks: ProcessHooks = noHooks,
): Promise<Opened<NeedsOf<typeof transactionHistory>>> => {
  const database = hooks.database(openDatabase({ databaseUrl: config.databaseUrl }));
  return {
    deps: () => ({ history: historyOf(database) }),
    close: database.close,
    wrapLog: hooks.log,
  };
};
