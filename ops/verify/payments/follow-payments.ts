/**
 * Looks at the payments published since the last look: whether those that the history's workers have finished are in the table of
 * payments and in the history, and say the same there. What it finds is a suspicion: one may wait as a dead letter.
 */
import type { Follower } from "../../../engine/app/verify/verification.ts";
import { type PaymentId, paymentsCompleted } from "../../../schemas/payment.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import { paymentAudit } from "../../../stores/mysql/payments/payment-audit.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import type { Config } from "../../config.ts";
import { newRecords, readingOf } from "../new-records.ts";

/** Ids of one statement. */
const comparedAtOnce = 10_000;

/** Opens it. What it reads may be away. */
export const followPayments = async (config: Config): Promise<Follower> => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 1, poolKeptIdle: 0 });
  const records = newRecords(await readingOf(config), [paymentsCompleted]);
  const group = `${config.groupPrefix}.${transactionHistory.graph.name}`;
  const look = () =>
    records.turn(async (read, cluster) => {
      const committed = await cluster.committedOffsets(group, paymentsCompleted.name);
      const ids: PaymentId[] = [];
      await read(paymentsCompleted, ({ paymentId }) => ids.push(paymentId), committed);
      let found = 0;
      for (let at = 0; at < ids.length; at += comparedAtOnce)
        found += await paymentAudit(database).unlike(ids.slice(at, at + comparedAtOnce));
      return found;
    });
  return {
    look: async () => (await look()) ?? 0,
    close: async () => {
      await records.close();
      await database.close();
    },
  };
};
