/** What workers of coupon issuing count of their repairs. */
import type { Registry } from "prom-client";
import { counterOf } from "../../engine/app/metrics/define.ts";
import type { Logger } from "../../engine/logger.ts";
import type { Repaired } from "../../processors/coupons/reconcile-coupons.ts";
import { shopMetrics } from "./table.ts";

/** Counts the repairs of the gate, and logs each. */
export const repairs = (registry: Registry, logger: Logger): ((repaired: Repaired) => void) => {
  const counters = counterOf(registry, shopMetrics.repairedCounters);
  const marks = counterOf(registry, shopMetrics.droppedMarks);
  return (repaired) => {
    if (repaired.seen !== repaired.left) counters.inc();
    marks.inc(repaired.droppedMarks);
    logger.warn({ event: "gate.repaired", ...repaired }, "the gate was set to what the database says");
  };
};
