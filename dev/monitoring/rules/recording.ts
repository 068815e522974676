/** Series that dashboards and alerts have in common: rates of the shop, ages, and what is declared to compare with. */
import { app } from "../../../sluice.config.ts";
import type { RecordingRule, RuleGroup } from "./rule.ts";

/** Route of a request for a coupon, as the API counts it. */
export const reservationsRoute = "/v1/coupons/:couponId/reservations";

/** Route of a payment, as the API counts it. */
export const paymentsRoute = "/v1/payments";

const verdictSinks = `topology="coupon-issuing", sink=~"coupon-issued|coupon-refused"`;

const shop: readonly RecordingRule[] = [
  {
    record: "sluice:accepted:rate1m",
    expr: `sum(rate(sluice_http_request_seconds_count{route="${reservationsRoute}", status="202"}[1m]))`,
    by: [],
  },
  {
    record: "sluice:verdicts:rate1m",
    // coupon-issued -> issued: a verdict is named as people name it.
    expr: `sum by (outcome) (label_replace(rate(sluice_written_total{${verdictSinks}}[1m]), "outcome", "$1", "sink", "coupon-(.*)"))`,
    by: ["outcome"],
  },
  {
    record: "sluice:refused:ratio_rate5m",
    expr:
      `sum(rate(sluice_written_total{topology="coupon-issuing", sink="coupon-refused"}[5m]))` +
      ` / (sum(rate(sluice_written_total{${verdictSinks}}[5m])) > 0)`,
    by: [],
  },
];

const topologies: readonly RecordingRule[] = [
  {
    record: "sluice:age_seconds:p99_5m",
    expr: "histogram_quantile(0.99, sum by (topology, le) (rate(sluice_record_age_seconds_bucket[5m])))",
    by: ["topology"],
  },
  {
    record: "sluice:dead_letters:ratio_rate10m",
    expr:
      "sum by (topology) (rate(sluice_dead_letters_total[10m]))" +
      " / (sum by (topology) (rate(sluice_round_records_sum[10m])) > 0)",
    by: ["topology"],
  },
  {
    // Two workers may both report a partition while it moves from one to the other.
    record: "sluice:lag_records",
    expr: "sum by (topology) (max by (topology, partition) (sluice_lag_records))",
    by: ["topology"],
  },
  {
    // 0 where nothing waits, infinite where something waits and nothing is decided.
    record: "sluice:drain_eta_seconds",
    expr:
      "(sluice:lag_records > 0) / on (topology) sum by (topology) (rate(sluice_round_records_sum[5m]))" +
      " or sluice:lag_records == 0",
    by: ["topology"],
  },
];

/** What the code declares of each topology: constants, so that what is live is compared with them. */
const declared: readonly RecordingRule[] = app.topologies.flatMap(({ topology: { graph, parts } }) => {
  const partitions = parts.sources.reduce((sum, source) => sum + source.partitions, 0);
  const keptSeconds = Math.min(...parts.sources.map(({ config }) => Number(config?.["retention.ms"]) / 1_000));
  const labels = { topology: graph.name };
  return [
    { record: "sluice:declared_partitions", expr: `vector(${partitions})`, labels, by: [] },
    { record: "sluice:retention_seconds", expr: `vector(${keptSeconds})`, labels, by: [] },
  ];
});

const compared: readonly RecordingRule[] = [
  {
    // Of topologies that ran within the last week: one that was never started here has no owner to miss.
    record: "sluice:unowned_partitions",
    expr:
      "(sluice:declared_partitions and on (topology)" +
      " count by (topology) (last_over_time(sluice_partitions_assigned[7d])))" +
      " - on (topology) (sum by (topology) (sluice_partitions_assigned) or on (topology) sluice:declared_partitions * 0)",
    by: ["topology"],
  },
];

/** The groups, in the order in which one needs the other. */
export const recordingGroups: readonly RuleGroup[] = [
  { name: "sluice-shop", rules: shop },
  { name: "sluice-topologies", rules: [...declared, ...topologies, ...compared] },
];
