/** What workers of coupon issuing count of their repairs. */
import type { Registry } from "prom-client";
import { counterOf } from "../../engine/app/metrics/define.ts";
import type { Logger } from "../../engine/logger.ts";
import type { Repair, Repairs } from "../../engine/repairs.ts";
import type { Repaired } from "../../processors/coupons/reconcile-coupons.ts";
import { shopMetrics } from "./table.ts";

/** A repair of the gate in words. */
export const repairText = ({ couponId, seen, left, droppedMarks }: Repaired): Omit<Repair, "atMs"> => ({
  what: couponId,
  before: `${Number.isNaN(seen) ? "no number" : `${seen} left`}, ${droppedMarks} in flight`,
  after: `${left} left, none in flight`,
});

/** Counts the repairs of the gate, logs each, and keeps the latest. */
export const countRepairs = (
  registry: Registry,
  logger: Logger,
  kept: Pick<Repairs, "add">,
): ((repaired: Repaired) => void) => {
  const counters = counterOf(registry, shopMetrics.repairedCounters);
  const marks = counterOf(registry, shopMetrics.droppedMarks);
  return (repaired) => {
    if (repaired.seen !== repaired.left) counters.inc();
    marks.inc(repaired.droppedMarks);
    kept.add(repairText(repaired));
    logger.warn({ event: "gate.repaired", ...repaired }, "the gate was set to what the database says");
  };
};
