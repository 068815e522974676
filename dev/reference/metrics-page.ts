/** docs/reference/metrics.md, made from the tables of metrics. Pure. */
import type { MetricDefinition } from "../../engine/app/metrics/define.ts";
import { kafkaMetrics } from "../../engine/app/metrics/kafka-table.ts";
import { engineMetrics } from "../../engine/app/metrics/table.ts";
import { shopMetrics } from "../../ops/metrics/table.ts";

const head = `# Metrics

Every process serves these at \`/metrics\` of its health port, beside what prom-client says of Node itself (\`process_*\`, \`nodejs_*\`).
Labels are names of ours or of the graph, never ids, so their number is bounded by what is deployed. This page is made from the
tables in the code by \`npm run reference\`.
`;

/** The page. */
export const metricsPage = (): string =>
  [
    head,
    section("Workers, relays and producers of any application", Object.values(engineMetrics)),
    section("Kafka, as `sluice exporter` serves it", Object.values(kafkaMetrics)),
    section("The shop's API, deliveries and repairs", Object.values(shopMetrics)),
  ].join("\n");

const section = (title: string, table: readonly MetricDefinition[]): string => {
  const rows = table.map(({ name, kind, unit, labels, buckets, help }) => {
    const marked = labels.map((label) => `\`${label}\``).join(", ");
    const bounds = buckets === undefined ? "" : ` Buckets: ${buckets.map(String).join(", ")}.`;
    return `| \`${name}\` | ${kind} | ${unit} | ${marked} | ${help}${bounds} |`;
  });
  return [
    `## ${title}`,
    "",
    "| metric | kind | unit | labels | what it is |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
};
