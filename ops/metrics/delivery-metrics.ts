/** The metrics of deliveries to the data platform. Labels are names of ours, never ids. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { BreakerState, DataPlatformConfig, HttpDataPlatform } from "../../stores/http/data-platform.ts";

/** Counts requests by how they ended, and takes their time. */
export const deliveryMetrics = (registry: Registry): NonNullable<DataPlatformConfig["onEnded"]> => {
  const registers = [registry];
  const requests = new Counter({
    name: "sluice_delivery_requests_total",
    help: "Requests to the data platform: delivered, refused (4xx), busy (408, 429), failing (3xx, 5xx), unreachable.",
    labelNames: ["ending"],
    registers,
  });
  const seconds = new Histogram({
    name: "sluice_delivery_seconds",
    help: "From a request to its answer, or to giving it up.",
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  });
  return (ending, elapsed) => {
    requests.inc({ ending });
    seconds.observe(elapsed);
  };
};

const states: readonly BreakerState[] = ["closed", "halfOpen", "open"];

/** Gauges that are read when they are scraped. */
export const watchDelivery = (
  registry: Registry,
  { breaker, inFlight }: Pick<HttpDataPlatform, "breaker" | "inFlight">,
): void => {
  new Gauge({
    name: "sluice_circuit",
    help: "1 for the state the circuit towards the data platform is in, 0 for the others.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      for (const state of states) this.set({ state }, state === breaker() ? 1 : 0);
    },
  });
  new Gauge({
    name: "sluice_deliveries_in_flight",
    help: "Requests to the data platform that are not answered yet.",
    registers: [registry],
    collect() {
      this.set(inFlight());
    },
  });
};
