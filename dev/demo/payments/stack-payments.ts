/** Payments of the main job on a real stack: a shop in the database, and rest by the outbox and the groups' offsets. */
import { kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { lagOf } from "../../../engine/log/lag.ts";
import type { Config } from "../../../ops/config.ts";
import { readPaymentFacts } from "../../../ops/verify/payments/read-payment-facts.ts";
import { paymentsCompleted } from "../../../schemas/payment.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import { orderRegister } from "../../../stores/mysql/payments/order-register.ts";
import { outbox } from "../../../stores/mysql/payments/outbox.ts";
import { externalData } from "../../../topology/external-data.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import { untilNothingIsOpen } from "../until-nothing-is-open.ts";
import type { PaymentSystem } from "./payments.ts";
import { openPlan } from "./plan-payments.ts";

/** Payments on the stack of these settings. */
export const stackPayments = (config: Config): PaymentSystem => ({
  openShop: async (plan) => {
    const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 1, poolKeptIdle: 0 });
    try {
      await openPlan(orderRegister(database), plan);
    } finally {
      await database.close();
    }
  },
  untilRest: (signal) => untilRest(config, signal),
  readPayments: (scope) => readPaymentFacts(config, scope),
});

const untilRest = async (config: Config, signal: AbortSignal): Promise<void> => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 1, poolKeptIdle: 0 });
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-demo" });
  const { name } = paymentsCompleted;
  const groups = [transactionHistory, externalData].map(({ graph }) => `${config.groupPrefix}.${graph.name}`);
  const openRows = async (): Promise<string | undefined> => {
    const { rows } = await outbox(database).lag();
    if (rows > 0) return `${rows} rows of the outbox are not published`;
    for (const group of groups) {
      const open = await lagOf(admin, group, name);
      if (open > 0n) return `${group} is ${open} records behind`;
    }
    return undefined;
  };
  try {
    await untilNothingIsOpen(openRows, signal);
  } finally {
    await admin.close();
    await database.close();
  }
};
