/** The shop as one value: its topologies with what opens their ports, its settings, tables, checks and commands. */
import { defineApp, relays, runs } from "./engine/app/define-app.ts";
import type { ShopContext } from "./ops/config.ts";
import { shopConsole } from "./ops/console/shop-console.ts";
import { shopChecks } from "./ops/doctor/shop-checks.ts";
import { couponVerification, paymentVerification } from "./ops/verify/verifications.ts";
import { couponIssuing } from "./topology/coupon-issuing.ts";
import { externalData } from "./topology/external-data.ts";
import { paymentOutbox } from "./topology/payment-outbox.ts";
import { transactionHistory } from "./topology/transaction-history.ts";

/** What `sluice` runs. Drivers are imported when a worker opens its ports: drawing a topology needs none. */
export const app = defineApp({
  name: "sluice",
  description: "First-come-first-served coupons on Kafka.",
  topologies: [
    runs(couponIssuing, {
      open: async (c: ShopContext) => (await import("./ops/processes/coupon-worker.ts")).openCouponIssuing(c),
      checks: async (config) => (await import("./ops/processes/coupon-checks.ts")).couponChecks(config),
      replayAdvice: async (config) => (await import("./ops/dlq/sold-out-advice.ts")).soldOutAdvice(config),
    }),
    runs(transactionHistory, {
      open: async (c: ShopContext) => (await import("./ops/processes/history-worker.ts")).openTransactionHistory(c),
    }),
    runs(externalData, {
      open: async (c: ShopContext) => (await import("./ops/processes/external-worker.ts")).openExternalData(c),
    }),
  ],
  settings: async () => (await import("./ops/config.ts")).shopSettings,
  outboxes: [
    relays(paymentOutbox, {
      open: async (c: ShopContext) => (await import("./ops/processes/payment-relay.ts")).openPaymentOutbox(c),
    }),
  ],
  schemas: { history: new URL("./schemas/versions/", import.meta.url) },
  deployments: async ({ databaseUrl }) =>
    (await import("./stores/mysql/operations/open-deployments.ts")).openDeployments({ databaseUrl }),
  processes: async ({ databaseUrl }) =>
    (await import("./stores/mysql/operations/open-processes.ts")).openProcesses({ databaseUrl }),
  replays: async ({ databaseUrl }) =>
    (await import("./stores/mysql/operations/open-replays.ts")).openReplays({ databaseUrl }),
  console: shopConsole,
  doctor: shopChecks,
  checks: [couponVerification, paymentVerification],
  commands: [new URL("./ops/commands/", import.meta.url), new URL("./dev/commands/", import.meta.url)],
  explains: async () => (await import("./ops/error-codes.ts")).explainCode,
  developmentEnvironment: async (env) => (await import("./dev/development.ts")).developmentEnvironment(env),
});
