/** The third dashboard: payments, their outbox, the history, and deliveries to the data platform. */
import type { DashboardPlan, Row } from "./frame.ts";
import { lines, quantiles, timeline } from "./panels.ts";
import { paymentsRoute } from "../rules/recording.ts";
import { uids } from "./uids.ts";

const answers: Row = {
  title: "Payments",
  panels: [
    lines(
      {
        title: "Answers by route and status",
        description:
          "201: paid. 200: paid before, with the same key. 409: it cannot be paid as it is (money, stock, a coupon, or paid with another key). 422: the key was for another order. 503: try again.",
        unit: "reqps",
        queries: [
          {
            expr: 'sum by (route, status) (rate(sluice_http_request_seconds_count{route=~"/v1/payments.*"}[$__rate_interval]))',
            legend: "{{ route }} {{ status }}",
          },
        ],
      },
      { stacked: true },
    ),
    lines({
      title: "Time to answer a payment",
      description: "Promised: 99 % within 0.5 s.",
      unit: "s",
      queries: quantiles("sluice_http_request_seconds", `{route="${paymentsRoute}"}`),
    }),
    lines({
      title: "Turned away",
      description: "Requests answered 503 or 429, by reason, of all routes.",
      unit: "reqps",
      queries: [{ expr: "sum by (reason) (rate(sluice_turned_away_total[$__rate_interval]))", legend: "{{ reason }}" }],
    }),
    lines({
      title: "Waiting clients",
      description: "Long polls that wait for a verdict.",
      unit: "short",
      queries: [{ expr: "sum(sluice_api_clients_waiting)", legend: "waiting" }],
    }),
  ],
};

const outbox: Row = {
  title: "Outbox and relay",
  panels: [
    lines({
      title: "Rows to be published",
      description:
        "Payments that are made and not in Kafka; 100,000 may also mean more. Set aside: never published as they are.",
      unit: "short",
      queries: [
        { expr: "max by (outbox) (sluice_outbox_lag_rows)", legend: "{{ outbox }}: to be published" },
        { expr: "max by (outbox) (sluice_outbox_set_aside_rows)", legend: "{{ outbox }}: set aside" },
      ],
    }),
    lines({
      title: "Age of the first row to be published",
      description: "Above a minute for two: SluiceOutboxStuck.",
      unit: "s",
      queries: [{ expr: "max by (outbox) (sluice_outbox_lag_seconds)", legend: "{{ outbox }}" }],
    }),
    lines({
      title: "Published",
      description: "Rows that Kafka acknowledged and that are marked, and old ones that are deleted, a second.",
      unit: "short",
      queries: [
        {
          expr: "sum by (outbox) (rate(sluice_outbox_published_total[$__rate_interval]))",
          legend: "{{ outbox }}: published",
        },
        {
          expr: "sum by (outbox) (rate(sluice_outbox_pruned_total[$__rate_interval]))",
          legend: "{{ outbox }}: deleted",
        },
      ],
    }),
    timeline({
      title: "Who leads",
      description: "1 for the relay that publishes. Exactly one, whatever their number.",
      unit: "short",
      queries: [{ expr: "sluice_outbox_leading", legend: "{{ outbox }} {{ instance }}" }],
    }),
  ],
};

const history: Row = {
  title: "History",
  panels: [
    lines({
      title: "Rows written to the history",
      description: "Payments remembered, a second.",
      unit: "short",
      queries: [
        {
          expr: 'sum by (sink) (rate(sluice_written_total{topology="transaction-history"}[$__rate_interval]))',
          legend: "{{ sink }}",
        },
      ],
    }),
    lines({
      title: "Age of a payment in the history",
      description: "From its publication to the row. Promised: 99 % within 30 s.",
      unit: "s",
      queries: quantiles("sluice_record_age_seconds", '{topology="transaction-history"}'),
    }),
  ],
};

const delivery: Row = {
  title: "Delivery to the data platform",
  panels: [
    lines(
      {
        title: "Requests by how they ended",
        description:
          "How it ended. delivered: done. busy: 429 and its like, waited as Retry-After says. denied: about us or the address. failing, unreachable: the platform is away.",
        unit: "reqps",
        queries: [
          { expr: "sum by (ending) (rate(sluice_delivery_requests_total[$__rate_interval]))", legend: "{{ ending }}" },
        ],
      },
      { stacked: true },
    ),
    lines({
      title: "Time of a request",
      description: "Until its answer, or until it is given up (SLUICE_PLATFORM_TIMEOUT_MS).",
      unit: "s",
      queries: quantiles("sluice_delivery_seconds"),
    }),
    timeline({
      title: "Circuit",
      description:
        "Which state is 1: closed delivers, halfOpen tries one, open waits. The topic keeps what is owed meanwhile.",
      unit: "short",
      queries: [{ expr: "max by (state) (sluice_circuit)", legend: "{{ state }}" }],
    }),
    lines({
      title: "Requests in flight",
      description: "Not answered yet, of all processes; one has SLUICE_PLATFORM_CONCURRENCY at most.",
      unit: "short",
      queries: [{ expr: "sum(sluice_deliveries_in_flight)", legend: "in flight" }],
    }),
    lines({
      title: "Age of a payment at the platform",
      description:
        "From its publication to the platform's answer. Promised: 99 % within 60 s while the circuit is closed.",
      unit: "s",
      queries: quantiles("sluice_record_age_seconds", '{topology="external-data"}'),
    }),
    lines({
      title: "Told to wait",
      description:
        "Requests that the platform answered with busy (408, 409, 429), a second. Rising: SLUICE_PLATFORM_CONCURRENCY is too high for it.",
      unit: "reqps",
      queries: [
        {
          expr: 'sum(rate(sluice_delivery_requests_total{ending="busy"}[$__rate_interval])) or vector(0)',
          legend: "busy",
        },
      ],
    }),
  ],
};

/** The plan. */
export const payments: DashboardPlan = {
  uid: uids.payments,
  title: "Sluice: payments and delivery",
  description: "A payment from its answer through outbox, relay and history to the data platform.",
  variables: [],
  rows: [answers, outbox, history, delivery],
};
