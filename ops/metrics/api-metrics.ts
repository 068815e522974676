/** What an API process counts. */
import { Counter, Histogram, type Registry } from "prom-client";
import type { ApiMetrics } from "../../api/http/parameters.ts";

const secondBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 10];

/** Binds the API's counts to a registry. */
export const apiMetrics = (registry: Registry): ApiMetrics => {
  const registers = [registry];
  const answered = new Histogram({
    name: "sluice_http_request_seconds",
    help: "Time to answer a request, by route template and status.",
    labelNames: ["route", "status"],
    buckets: secondBuckets,
    registers,
  });
  const accepted = new Histogram({
    name: "sluice_acknowledge_seconds",
    help: "From handing a request over to its acknowledgement by the log.",
    buckets: secondBuckets,
    registers,
  });
  const turnedAway = new Counter({
    name: "sluice_turned_away_total",
    help: "Requests answered 503, by reason.",
    labelNames: ["reason"],
    registers,
  });
  return {
    answered: ({ route, status, durationMs }) => answered.observe({ route, status }, durationMs / 1_000),
    accepted: (acknowledgeMs) => accepted.observe(acknowledgeMs / 1_000),
    turnedAway: (reason) => turnedAway.inc({ reason }),
  };
};
