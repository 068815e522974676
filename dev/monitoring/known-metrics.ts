/** Every series that an expression may name, with the labels it has: our tables, exporters', and what rules record. Pure. */
import type { MetricDefinition } from "../../engine/app/metrics/define.ts";
import { engineMetrics } from "../../engine/app/metrics/table.ts";
import { shopMetrics } from "../../ops/metrics/table.ts";
import { exporterMetrics, targetLabels } from "./exporter-metrics.ts";
import { recordings } from "./rules/rule-files.ts";

/** Our own metrics. */
export const ownMetrics: readonly MetricDefinition[] = [...Object.values(engineMetrics), ...Object.values(shopMetrics)];

/** A histogram is three series; the others are one. */
const seriesOf = ({ name, kind, labels }: MetricDefinition): readonly (readonly [string, readonly string[]])[] => {
  const own = [...labels, ...targetLabels];
  if (kind !== "histogram") return [[name, own]];
  return [
    [`${name}_bucket`, [...own, "le"]],
    [`${name}_sum`, own],
    [`${name}_count`, own],
  ];
};

/** Labels by the name of a series. A rule that is recorded several times has the labels of all. */
export const knownSeries: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const known = new Map<string, Set<string>>();
  const add = (name: string, labels: readonly string[]): void => {
    const own = known.get(name) ?? new Set();
    for (const label of labels) own.add(label);
    known.set(name, own);
  };
  for (const metric of ownMetrics) for (const [name, labels] of seriesOf(metric)) add(name, labels);
  for (const metrics of Object.values(exporterMetrics))
    for (const [name, labels] of Object.entries(metrics)) add(name, [...labels, ...targetLabels]);
  for (const { record, by, labels = {} } of recordings) add(record, [...by, ...Object.keys(labels)]);
  return known;
})();
