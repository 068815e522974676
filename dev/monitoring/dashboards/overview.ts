/** The first dashboard, for whoever is on call: is everything well, how much comes in and goes out, how old is what waits. */
import { uids } from "./uids.ts";
import type { DashboardPlan, Row } from "./frame.ts";
import { heatmap, lines, quantiles, stat, table } from "./panels.ts";
import { paymentsRoute, reservationsRoute } from "../rules/recording.ts";

const couponAges = ["sluice_record_age_seconds", '{topology="coupon-issuing"}'] as const;

const now: Row = {
  title: "Now",
  panels: [
    stat({
      title: "Accepted",
      description: "Requests for a coupon that were acknowledged, a second, over the last minute.",
      unit: "reqps",
      queries: [{ expr: "sluice:accepted:rate1m" }],
    }),
    stat({
      title: "Verdicts",
      description:
        "Verdicts that were published, a second, over the last minute. Behind what is accepted: a queue grows.",
      unit: "reqps",
      queries: [{ expr: "sum(sluice:verdicts:rate1m)" }],
    }),
    stat(
      {
        title: "Age at the verdict, p99",
        description: "From acceptance to the published verdict. Promised: 99 % within 5 s.",
        unit: "s",
        queries: [{ expr: 'sluice:age_seconds:p99_5m{topology="coupon-issuing"}' }],
      },
      { red: { from: 5 } },
    ),
    stat(
      {
        title: "Oldest unfinished",
        description: "Age of the oldest record of any topology that is not finished.",
        unit: "s",
        queries: [{ expr: "max(sluice_lag_seconds)" }],
      },
      { red: { from: 60 } },
    ),
    stat(
      {
        title: "Undecided dead letters",
        description: "Dead letters that nobody has replayed or discarded. `sluice dlq groups` says why they died.",
        unit: "short",
        queries: [{ expr: "sum(max by (topology) (sluice_dead_letters_undecided))" }],
      },
      { red: { from: 1 } },
    ),
    stat(
      {
        title: "Held calls",
        description: "Calls that wait for something that is away. Nothing is lost meanwhile.",
        unit: "short",
        queries: [{ expr: "sum(sluice_holds)" }],
      },
      { red: { from: 1 } },
    ),
    stat(
      {
        title: "Processes not ready",
        description: "Of those that answer. The table below says why.",
        unit: "short",
        queries: [{ expr: 'count(sluice_ready{job="sluice"} == 0) or vector(0)' }],
      },
      { red: { from: 1 } },
    ),
    stat(
      {
        title: "Graphs of a topology",
        description:
          "How many different graphs workers of one topology run, at most. More than 1 for long: a roll-out stopped half-way.",
        unit: "short",
        queries: [{ expr: "max(count by (topology) (count by (topology, hash) (sluice_topology_info)))" }],
      },
      { red: { from: 2 } },
    ),
    stat(
      {
        title: "Partitions without a worker",
        description: "Their records wait. Normal for seconds while a group rebalances.",
        unit: "short",
        queries: [{ expr: "sum(sluice:unowned_partitions)" }],
      },
      { red: { from: 1 } },
    ),
    stat(
      {
        title: "Outbox lag",
        description: "Age of the first payment that is not published to Kafka.",
        unit: "s",
        queries: [{ expr: "max(sluice_outbox_lag_seconds)" }],
      },
      { red: { from: 60 } },
    ),
    stat(
      {
        title: "Circuit to the platform",
        description:
          "Closed: payments are delivered to the data platform. Not closed: the topic keeps what it is owed.",
        unit: "short",
        queries: [{ expr: 'min(sluice_circuit{state="closed"})' }],
      },
      { red: { below: 1 }, texts: { 0: "not closed", 1: "closed" } },
    ),
    stat(
      {
        title: "Violations",
        description:
          "What breaks a claim of `sluice verify`, as `verify --watch` finds it. Anything but 0 wakes somebody.",
        unit: "short",
        queries: [{ expr: "sum(max by (check) (sluice_verify_violations))" }],
      },
      { red: { from: 1 } },
    ),
  ],
};

const funnel: Row = {
  title: "From request to verdict",
  panels: [
    lines({
      title: "Accepted against verdicts",
      description: "The funnel. The two lines meet when the queue is empty; dead letters are what falls beside it.",
      unit: "reqps",
      queries: [
        { expr: "sluice:accepted:rate1m", legend: "accepted" },
        { expr: "sum(sluice:verdicts:rate1m)", legend: "verdicts" },
        {
          expr: 'sum(rate(sluice_dead_letters_total{topology="coupon-issuing"}[$__rate_interval]))',
          legend: "dead letters",
        },
      ],
    }),
    lines(
      {
        title: "Verdicts by kind",
        description: "Issued and refused. What the gate refused, and why, is on the dashboard of the topology.",
        unit: "reqps",
        queries: [{ expr: "sluice:verdicts:rate1m", legend: "{{ outcome }}" }],
      },
      { stacked: true },
    ),
    lines({
      title: "Conservation over an hour",
      description:
        "Requests accepted within an hour less verdicts and dead letters of that hour, beside what waits. The first follows the second; far above it, requests are missing.",
      unit: "short",
      queries: [
        {
          expr:
            `clamp_min(sum(increase(sluice_http_request_seconds_count{route="${reservationsRoute}", status="202"}[1h]))` +
            ' - sum(increase(sluice_written_total{topology="coupon-issuing", sink=~"coupon-issued|coupon-refused"}[1h]))' +
            ' - (sum(increase(sluice_dead_letters_total{topology="coupon-issuing"}[1h])) or vector(0)), 0)',
          legend: "accepted, not decided",
        },
        { expr: 'sluice:lag_records{topology="coupon-issuing"}', legend: "waiting" },
      ],
    }),
    lines({
      title: "Lag",
      description: "Records that are not finished, by topology. A burst is a peak that falls again.",
      unit: "short",
      queries: [{ expr: "sluice:lag_records", legend: "{{ topology }}" }],
    }),
    lines({
      title: "Time until the lag is gone",
      description: "Lag over the present rate. No line where nothing is decided although something waits.",
      unit: "s",
      queries: [{ expr: "sluice:drain_eta_seconds < Inf", legend: "{{ topology }}" }],
    }),
    lines(
      {
        title: "Turned away",
        description: "Requests answered 503 or 429, by reason. A burst may see some; minutes of it are a ticket.",
        unit: "reqps",
        queries: [
          { expr: "sum by (reason) (rate(sluice_turned_away_total[$__rate_interval]))", legend: "{{ reason }}" },
        ],
      },
      { stacked: true },
    ),
  ],
};

const ages: Row = {
  title: "How long it takes",
  panels: [
    lines({
      title: "Age of requests at their verdict",
      description:
        "From the broker's acceptance to the acknowledgement of all that was written. Promised: 99 % within 5 s.",
      unit: "s",
      queries: quantiles(...couponAges),
    }),
    heatmap({
      title: "Ages at the verdict, all of them",
      description: "How many requests were how old. Two bands: two kinds of requests, or a partition that is slower.",
      unit: "s",
      queries: [
        {
          expr: `sum by (le) (increase(${couponAges[0]}_bucket${couponAges[1]}[$__rate_interval]))`,
          legend: "{{ le }}",
        },
      ],
    }),
    lines({
      title: "Acknowledgement by the log",
      description: "From handing a request over to Kafka to its acknowledgement, as the API waits for it.",
      unit: "s",
      queries: quantiles("sluice_acknowledge_seconds"),
    }),
    lines({
      title: "Payments by status",
      description:
        "Answers to payments. 201: paid; 200: paid before, with the same key; 409: it cannot be paid as it is; 503: try again.",
      unit: "reqps",
      queries: [
        {
          expr: `sum by (status) (rate(sluice_http_request_seconds_count{route="${paymentsRoute}"}[$__rate_interval]))`,
          legend: "{{ status }}",
        },
      ],
    }),
  ],
};

const promises: Row = {
  title: "What is promised",
  panels: [
    lines({
      title: "Error budget left",
      description:
        "Of 30 days, by objective. At 0 everything that may go wrong in 30 days has gone wrong. No line without events.",
      unit: "percentunit",
      queries: [{ expr: "clamp_min(slo:period_error_budget_remaining:ratio, 0)", legend: "{{ sloth_slo }}" }],
    }),
    lines({
      title: "Burn rate",
      description:
        "1 uses the budget up in exactly 30 days. Above 14.4 for an hour, or 6 for six hours, wakes somebody.",
      unit: "short",
      queries: [{ expr: "slo:current_burn_rate:ratio", legend: "{{ sloth_slo }}" }],
    }),
  ],
};

const processes: Row = {
  title: "Processes",
  panels: [
    table(
      {
        title: "Our processes",
        description:
          "What runs: topology, graph, partitions, whether it is ready and why not, and restarts within the last hour.",
        unit: "short",
        queries: [
          { expr: 'max by (instance, service) (up{job="sluice"})' },
          { expr: "max by (instance, topology, hash) (sluice_topology_info)" },
          { expr: "max by (instance) (sluice_partitions_assigned)" },
          { expr: "max by (instance) (sluice_ready)" },
          { expr: "max by (instance, reason) (sluice_not_ready) == 1" },
          { expr: 'max by (instance) (changes(process_start_time_seconds{job="sluice"}[1h]))' },
        ],
      },
      {
        transformations: [
          { id: "joinByField", options: { byField: "instance", mode: "outerTabular" } },
          {
            id: "organize",
            options: {
              excludeByName: Object.fromEntries(
                ["Time", ...[1, 2, 3, 4, 5, 6].map((n) => `Time ${n}`), "Value #B", "Value #E"].map((name) => [
                  name,
                  true,
                ]),
              ),
              renameByName: {
                "Value #A": "up",
                "Value #C": "partitions",
                "Value #D": "ready",
                "Value #F": "restarts",
              },
            },
          },
        ],
      },
    ),
  ],
};

/** The plan. */
export const overview: DashboardPlan = {
  uid: uids.overview,
  title: "Sluice: overview",
  description:
    "Is everything well, how much comes in and goes out, how old is what waits. Begin here when an alert comes.",
  variables: [],
  rows: [now, funnel, ages, promises, processes],
};
