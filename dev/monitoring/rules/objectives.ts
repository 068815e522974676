/** What is promised over 30 days, and how it is measured: the service level objectives. */
import { uids } from "../dashboards/uids.ts";
import { paymentsRoute, reservationsRoute } from "./recording.ts";

/** An objective. */
export interface Objective {
  /** `acceptance`: in the names of its series and alerts. */
  readonly slo: string;
  /** The alert that says that its budget burns. Two objectives may have one. */
  readonly alert: string;
  /** Percent of events that have to be good. */
  readonly percent: number;
  /** One sentence. */
  readonly promise: string;
  /** The share of events that were not good over a window; no series where there were no events. */
  readonly errorRatio: (window: string) => string;
  /** Counted only while this has a series; its long windows are made of its 5-minute ones, which say so. */
  readonly onlyWhile?: string;
  /** Whom its burning budget may wake. */
  readonly severities: readonly ("page" | "ticket")[];
  readonly dashboard: string;
}

/** Requests of a route that were answered 5xx: being overloaded counts. */
const failedShare =
  (route: string, status: string) =>
  (window: string): string =>
    `(sum(rate(sluice_http_request_seconds_count{route="${route}", status=~"${status}"}[${window}])) or vector(0))` +
    ` / (sum(rate(sluice_http_request_seconds_count{route="${route}"}[${window}])) > 0)`;

/** A bucket's bound, as Prometheus 2 keeps it (`5`) and as Prometheus 3 does (`5.0`). */
const bound = (seconds: number): string =>
  `le=~"${String(seconds).replaceAll(".", "\\\\.")}${Number.isInteger(seconds) ? "(\\\\.0)?" : ""}"`;

/** Events of a histogram that took longer. The bound has to be one of its buckets. */
const slowShare =
  (histogram: string, labels: string, seconds: number) =>
  (window: string): string =>
    `1 - sum(rate(${histogram}_bucket{${labels}, ${bound(seconds)}}[${window}]))` +
    ` / (sum(rate(${histogram}_count{${labels}}[${window}])) > 0)`;

const lateShare = (topology: string, seconds: number) =>
  slowShare("sluice_record_age_seconds", `topology="${topology}"`, seconds);

/** Every objective. */
export const objectives: readonly Objective[] = [
  {
    slo: "acceptance",
    alert: "SluiceAcceptanceBudgetBurn",
    percent: 99.9,
    promise: "99.9 % of requests for a coupon are not answered 5xx; 503 because of overload counts as an error",
    errorRatio: failedShare(reservationsRoute, "5.."),
    severities: ["page", "ticket"],
    dashboard: uids.overview,
  },
  {
    slo: "verdict",
    alert: "SluiceVerdictBudgetBurn",
    percent: 99,
    promise: "99 % of accepted requests have their verdict, published, within 5 s",
    errorRatio: lateShare("coupon-issuing", 5),
    severities: ["page", "ticket"],
    dashboard: uids.overview,
  },
  {
    slo: "payment",
    alert: "SluicePaymentBudgetBurn",
    percent: 99.9,
    promise: "99.9 % of payments are not answered 503",
    errorRatio: failedShare(paymentsRoute, "503"),
    severities: ["page", "ticket"],
    dashboard: uids.payments,
  },
  {
    slo: "payment-time",
    alert: "SluicePaymentBudgetBurn",
    percent: 99,
    promise: "99 % of payments are answered within 0.5 s",
    errorRatio: slowShare("sluice_http_request_seconds", `route="${paymentsRoute}"`, 0.5),
    severities: ["page", "ticket"],
    dashboard: uids.payments,
  },
  {
    slo: "history",
    alert: "SluiceHistoryBudgetBurn",
    percent: 99,
    promise: "99 % of payments are in the history within 30 s",
    errorRatio: lateShare("transaction-history", 30),
    severities: ["ticket"],
    dashboard: uids.payments,
  },
  {
    slo: "delivery",
    alert: "SluiceDeliveryBudgetBurn",
    percent: 99,
    promise: "99 % of payments are at the data platform within 60 s, while the circuit to it is closed",
    errorRatio: lateShare("external-data", 60),
    onlyWhile: 'min(sluice_circuit{state="closed"}) == 1',
    severities: ["ticket"],
    dashboard: uids.payments,
  },
];
