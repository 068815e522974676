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
  /** Events of a window. */
  readonly events: Events;
  /** Counted only while this has a series; its long windows are made of its 5-minute ones, which say so. */
  readonly onlyWhile?: string;
  /** Whom its burning budget may wake. */
  readonly severities: readonly ("page" | "ticket")[];
  readonly dashboard: string;
}

/** Events of a window, as expressions. */
export interface Events {
  /** The share of them that were not good; no series where there were none. */
  readonly errorRatio: (window: string) => string;
  /** How many of them were not good. */
  readonly bad: (window: string) => string;
}

/** Requests of a route that were answered with such a status: being overloaded counts. */
const failed = (route: string, status: string): Events => {
  const requests = `sluice_http_request_seconds_count{route="${route}"`;
  return {
    errorRatio: (window) =>
      `(sum(rate(${requests}, status=~"${status}"}[${window}])) or vector(0))` +
      ` / (sum(rate(${requests}}[${window}])) > 0)`,
    bad: (window) => `sum(increase(${requests}, status=~"${status}"}[${window}]))`,
  };
};

/** A bucket's bound, as Prometheus 2 keeps it (`5`) and as Prometheus 3 does (`5.0`). */
const bound = (seconds: number): string =>
  `le=~"${String(seconds).replaceAll(".", "\\\\.")}${Number.isInteger(seconds) ? "(\\\\.0)?" : ""}"`;

/** Events of a histogram that took longer. The bound has to be one of its buckets. */
const slow = (histogram: string, labels: string, seconds: number): Events => {
  const inTime = `${histogram}_bucket{${labels}, ${bound(seconds)}}`;
  const all = `${histogram}_count{${labels}}`;
  return {
    errorRatio: (window) => `1 - sum(rate(${inTime}[${window}])) / (sum(rate(${all}[${window}])) > 0)`,
    bad: (window) => `sum(increase(${all}[${window}])) - sum(increase(${inTime}[${window}]))`,
  };
};

const late = (topology: string, seconds: number): Events =>
  slow("sluice_record_age_seconds", `topology="${topology}"`, seconds);

/** Every objective. */
export const objectives: readonly Objective[] = [
  {
    slo: "acceptance",
    alert: "SluiceAcceptanceBudgetBurn",
    percent: 99.9,
    promise: "99.9 % of requests for a coupon are not answered 5xx; 503 because of overload counts as an error",
    events: failed(reservationsRoute, "5.."),
    severities: ["page", "ticket"],
    dashboard: uids.overview,
  },
  {
    slo: "verdict",
    alert: "SluiceVerdictBudgetBurn",
    percent: 99,
    promise: "99 % of accepted requests have their verdict, published, within 5 s",
    events: late("coupon-issuing", 5),
    severities: ["page", "ticket"],
    dashboard: uids.overview,
  },
  {
    slo: "payment",
    alert: "SluicePaymentBudgetBurn",
    percent: 99.9,
    promise: "99.9 % of payments are not answered 503",
    events: failed(paymentsRoute, "503"),
    severities: ["page", "ticket"],
    dashboard: uids.payments,
  },
  {
    slo: "payment-time",
    alert: "SluicePaymentBudgetBurn",
    percent: 99,
    promise: "99 % of payments are answered within 0.5 s",
    events: slow("sluice_http_request_seconds", `route="${paymentsRoute}"`, 0.5),
    severities: ["page", "ticket"],
    dashboard: uids.payments,
  },
  {
    slo: "history",
    alert: "SluiceHistoryBudgetBurn",
    percent: 99,
    promise: "99 % of payments are in the history within 30 s",
    events: late("transaction-history", 30),
    severities: ["ticket"],
    dashboard: uids.payments,
  },
  {
    slo: "delivery",
    alert: "SluiceDeliveryBudgetBurn",
    percent: 99,
    promise: "99 % of payments are at the data platform within 60 s, while the circuit to it is closed",
    events: late("external-data", 60),
    onlyWhile: 'min(sluice_circuit{state="closed"}) == 1',
    severities: ["ticket"],
    dashboard: uids.payments,
  },
];
