/** What our processes serve is what Prometheus' own tool finds nothing to say about. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Registry } from "prom-client";
import { counterOf, gaugeOf, histogramOf, type MetricDefinition } from "../../engine/app/metrics/define.ts";
import { ownMetrics } from "./known-metrics.ts";
import { skippedWithout } from "./testing/promtool.ts";

/** Registers a metric and counts it once. */
const countOnce = (registry: Registry, metric: MetricDefinition): void => {
  const labels = Object.fromEntries(metric.labels.map((label) => [label, "one"]));
  const { kind } = metric;
  if (kind === "counter") counterOf(registry, { ...metric, kind }).inc(labels);
  else if (kind === "gauge") gaugeOf(registry, { ...metric, kind }).set(labels, 1);
  else histogramOf(registry, { ...metric, kind, buckets: metric.buckets ?? [] }).observe(labels, 1);
};

test("metrics: are served as Prometheus advises", { skip: skippedWithout("promtool") }, async () => {
  const registry = new Registry();
  for (const metric of ownMetrics) countOnce(registry, metric);
  const { stderr, stdout, status } = spawnSync("promtool", ["check", "metrics"], {
    input: await registry.metrics(),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr + stdout);
});
