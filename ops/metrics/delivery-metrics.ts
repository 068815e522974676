/** The metrics of deliveries to the data platform. */
import type { Registry } from "prom-client";
import { counterOf, histogramOf, watchedGauge } from "../../engine/app/metrics/define.ts";
import type { BreakerState, DataPlatformConfig, HttpDataPlatform } from "../../stores/http/data-platform.ts";
import { shopMetrics } from "./table.ts";

type Ending = Parameters<NonNullable<DataPlatformConfig["onEnded"]>>[0];

const endings: Readonly<Record<Ending, true>> = {
  delivered: true,
  refused: true,
  busy: true,
  denied: true,
  failing: true,
  unreachable: true,
};

/** Counts requests by how they ended, and takes their time. */
export const deliveryMetrics = (registry: Registry): NonNullable<DataPlatformConfig["onEnded"]> => {
  const requests = counterOf(registry, shopMetrics.deliveryRequests);
  const seconds = histogramOf(registry, shopMetrics.deliverySeconds);
  // Known to Prometheus before the first request: what it first sees of a counter is in no rate.
  for (const ending of Object.keys(endings)) requests.inc({ ending }, 0);
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
  watchedGauge(registry, shopMetrics.circuit, (set) => {
    for (const state of states) set({ state }, state === breaker() ? 1 : 0);
  });
  watchedGauge(registry, shopMetrics.deliveriesInFlight, (set) => set({}, inFlight()));
};
