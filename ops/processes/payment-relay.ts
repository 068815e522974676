/** Opens the outbox of payments, and forgets old idempotency keys and refusals beside it: of the processes there are, one leads. */
import type { Registry } from "prom-client";
import type { OpenedOutbox } from "../../engine/app/define-app.ts";
import { counterOf } from "../../engine/app/metrics/define.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Payment } from "../../processors/payments/payment-ports.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { oldRefusals } from "../../stores/mysql/coupons/old-refusals.ts";
import { oldCouponKeys, oldPaymentKeys } from "../../stores/mysql/idempotency/old-keys.ts";
import { outbox } from "../../stores/mysql/payments/outbox.ts";
import type { ShopContext } from "../config.ts";
import { forgetDefaults, forgetKeys } from "../idempotency/forget-keys.ts";
import { shopMetrics } from "../metrics/table.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";

/** Opens it. The database may be away. */
export const openPaymentOutbox = async (
  { config, logger, registry }: ShopContext,
  hooks: ProcessHooks = noHooks,
): Promise<OpenedOutbox<Payment>> => {
  // One connection for the lead, one for the lag, and one to forget keys.
  const database = hooks.database(openDatabase({ databaseUrl: config.databaseUrl, poolMax: 3, poolKeptIdle: 0 }));
  const keys = {
    payment: oldPaymentKeys(database),
    coupon: oldCouponKeys(database),
    refusal: oldRefusals(database),
  };
  const keptMs = { refusal: config.refusalsKeptMs };
  const forgotten = forgottenRows(registry);
  const settings = { ...forgetDefaults, keptMs: config.keysKeptMs };
  return {
    outbox: outbox(database),
    keptMs: config.outboxKeptMs,
    upkeep: (leads, signal) =>
      forgetKeys({ keys, keptMs, leads, clock: systemClock, logger, forgotten, settings }, signal),
    close: database.close,
    wrapLog: hooks.log,
  };
};

/** Counts what is forgotten. */
const forgottenRows = (registry: Registry): ((kind: "payment" | "coupon" | "refusal", rows: number) => void) => {
  const refusals = counterOf(registry, shopMetrics.prunedRefusals);
  const keys = counterOf(registry, shopMetrics.prunedKeys);
  return (kind, rows) => (kind === "refusal" ? refusals.inc(rows) : keys.inc({ kind }, rows));
};
