/** What workers of coupon issuing show of the gate: what is in flight, and how full its Redis is. */
import type { Registry } from "prom-client";
import { gaugeOf } from "../../engine/app/metrics/define.ts";
import type { RedisMemory } from "../../stores/redis/inspect.ts";
import { shopMetrics } from "./table.ts";

/** Gauges, set after each look. */
export interface GateMetrics {
  /** Units in flight of the coupons looked at: those of this worker that rounds have touched. */
  readonly marks: (count: number) => void;
  readonly memory: (memory: RedisMemory) => void;
}

/** The metrics of the gate. */
export const gateMetrics = (registry: Registry): GateMetrics => {
  const marks = gaugeOf(registry, shopMetrics.gateMarks);
  const used = gaugeOf(registry, shopMetrics.gateMemory);
  const max = gaugeOf(registry, shopMetrics.gateMemoryMax);
  return {
    marks: (count) => marks.set(count),
    memory: ({ usedBytes, maxBytes }) => {
      used.set(usedBytes);
      max.set(maxBytes);
    },
  };
};
