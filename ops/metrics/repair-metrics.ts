/** What workers of coupon issuing count of their repairs. */
import { Counter, type Registry } from "prom-client";
import type { Logger } from "../../engine/logger.ts";
import type { Repaired } from "../../processors/coupons/reconcile-coupons.ts";

/** Counts the repairs of the gate, and logs each. */
export const repairs = (registry: Registry, logger: Logger): ((repaired: Repaired) => void) => {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] });
  const counters = counter("sluice_repaired_counters_total", "Counters of the gate set to what the database says.");
  const marks = counter("sluice_dropped_marks_total", "Marks of the gate without an issued coupon.");
  return (repaired) => {
    if (repaired.seen !== repaired.left) counters.inc();
    marks.inc(repaired.droppedMarks);
    logger.warn({ event: "gate.repaired", ...repaired }, "the gate was set to what the database says");
  };
};
