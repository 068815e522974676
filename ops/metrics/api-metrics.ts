/** What an API process counts. */
import type { Registry } from "prom-client";
import type { ApiMetrics } from "../../api/http/parameters.ts";
import { counterOf, histogramOf, watchedGauge } from "../../engine/app/metrics/define.ts";
import { shopMetrics } from "./table.ts";

/** Binds the API's counts to a registry. */
export const apiMetrics = (registry: Registry): ApiMetrics => {
  const answered = histogramOf(registry, shopMetrics.httpSeconds);
  const accepted = histogramOf(registry, shopMetrics.acknowledgeSeconds);
  const turnedAway = counterOf(registry, shopMetrics.turnedAway);
  return {
    answered: ({ route, status, durationMs }) => answered.observe({ route, status }, durationMs / 1_000),
    accepted: (acknowledgeMs) => accepted.observe(acknowledgeMs / 1_000),
    watchWaiting: (waiting) => watchedGauge(registry, shopMetrics.apiClientsWaiting, (set) => set({}, waiting())),
    turnedAway: (reason) => turnedAway.inc({ reason }),
  };
};
