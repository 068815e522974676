/** What an API process counts. */
import type { Registry } from "prom-client";
import type { ApiMetrics, TurnedAway } from "../../api/http/parameters.ts";
import { counterOf, histogramOf, watchedGauge } from "../../engine/app/metrics/define.ts";
import { shopMetrics } from "./table.ts";

/**
 * Answers that an objective compares with one another, by route. They are counted from 0 with the process: Prometheus takes the
 * first value that it sees of a series for where it began, so the first burst, and the first answers that failed, would be in no
 * rate. A test holds them against the objectives.
 */
const judged: Readonly<Record<string, readonly number[]>> = {
  "/v1/coupons/:couponId/reservations": [202, 500, 503],
  "/v1/payments": [200, 201, 500, 503],
};

const reasons: Readonly<Record<TurnedAway, true>> = {
  "too-many-requests": true,
  overloaded: true,
  unavailable: true,
  "outcome-unknown": true,
};

/** Binds the API's counts to a registry. */
export const apiMetrics = (registry: Registry): ApiMetrics => {
  const answered = histogramOf(registry, shopMetrics.httpSeconds);
  const accepted = histogramOf(registry, shopMetrics.acknowledgeSeconds);
  const turnedAway = counterOf(registry, shopMetrics.turnedAway);
  for (const [route, statuses] of Object.entries(judged))
    for (const status of statuses) answered.zero({ route, status: String(status) });
  for (const reason of Object.keys(reasons)) turnedAway.inc({ reason }, 0);
  return {
    answered: ({ route, status, durationMs }) => answered.observe({ route, status }, durationMs / 1_000),
    accepted: (acknowledgeMs) => accepted.observe(acknowledgeMs / 1_000),
    watchWaiting: (waiting) => watchedGauge(registry, shopMetrics.apiClientsWaiting, (set) => set({}, waiting())),
    turnedAway: (reason) => turnedAway.inc({ reason }),
  };
};
