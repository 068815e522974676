/** What a metric is before it is counted: one entry of a table, from which registries and the reference page are made. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { CountedHistogram } from "./counted-histogram.ts";

/** A metric. Labels are names of ours or of the graph, never ids: their number is bounded by what is deployed. */
export interface MetricDefinition<Label extends string = string> {
  /** `sluice_`, what is counted, the unit; a counter ends in `_total`. */
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  /** Of its value. */
  readonly unit:
    | "records"
    | "rows"
    | "bytes"
    | "seconds"
    | "calls"
    | "requests"
    | "state"
    | "partitions"
    | "keys"
    | "violations"
    | "brokers"
    | "replicas"
    | "members"
    | "spans";
  readonly help: string;
  readonly labels: readonly Label[];
  /** Upper bounds; of a histogram alone. */
  readonly buckets?: readonly number[];
}

/** Keeps the labels of each metric as types, so that one which a metric does not have does not compile. */
export const metrics = <const Table extends Readonly<Record<string, MetricDefinition>>>(table: Table): Table => table;

/** The labels of a definition. */
type LabelsOf<Definition extends MetricDefinition> = Definition["labels"][number];

const argumentsOf = <Label extends string>(registry: Registry, { name, help, labels }: MetricDefinition<Label>) => ({
  name,
  help,
  labelNames: labels,
  registers: [registry],
});

/** Registers a counter. @throws Error where the registry has its name already */
export const counterOf = <Definition extends MetricDefinition & { readonly kind: "counter" }>(
  registry: Registry,
  definition: Definition,
): Counter<LabelsOf<Definition>> => new Counter<LabelsOf<Definition>>(argumentsOf(registry, definition));

/** Registers a gauge that is set. @throws Error where the registry has its name already */
export const gaugeOf = <Definition extends MetricDefinition & { readonly kind: "gauge" }>(
  registry: Registry,
  definition: Definition,
): Gauge<LabelsOf<Definition>> => new Gauge<LabelsOf<Definition>>(argumentsOf(registry, definition));

/** A gauge that is being read: each series that is not set again is gone. */
export type SetSeries<Label extends string> = (labels: Readonly<Record<Label, string>>, value: number) => void;

/** Registers a gauge that is read when it is scraped. @throws Error where the registry has its name already */
export const watchedGauge = <Definition extends MetricDefinition & { readonly kind: "gauge" }>(
  registry: Registry,
  definition: Definition,
  read: (set: SetSeries<LabelsOf<Definition>>) => void | Promise<void>,
): void => {
  new Gauge<LabelsOf<Definition>>({
    ...argumentsOf(registry, definition),
    collect() {
      this.reset();
      return read((labels, value) => this.set(labels, value));
    },
  });
};

/** Registers a counter of what is counted elsewhere, read when it is scraped. @throws Error where the registry has its name already */
export const watchedCounter = <Definition extends MetricDefinition & { readonly kind: "counter" }>(
  registry: Registry,
  definition: Definition,
  read: (set: SetSeries<LabelsOf<Definition>>) => void | Promise<void>,
): void => {
  new Counter<LabelsOf<Definition>>({
    ...argumentsOf(registry, definition),
    collect() {
      this.reset();
      return read((labels, value) => this.inc(labels, value));
    },
  });
};

/** Registers a histogram. @throws Error where the registry has its name already */
export const histogramOf = <
  Definition extends MetricDefinition & { readonly kind: "histogram"; readonly buckets: readonly number[] },
>(
  registry: Registry,
  definition: Definition,
): Histogram<LabelsOf<Definition>> =>
  new Histogram<LabelsOf<Definition>>({ ...argumentsOf(registry, definition), buckets: [...definition.buckets] });

/** Registers a histogram that takes many values at once. @throws Error where the registry has its name already */
export const countedHistogramOf = <
  Definition extends MetricDefinition & { readonly kind: "histogram"; readonly buckets: readonly number[] },
>(
  registry: Registry,
  definition: Definition,
): CountedHistogram<LabelsOf<Definition>> =>
  new CountedHistogram<LabelsOf<Definition>>({
    ...argumentsOf(registry, definition),
    buckets: [...definition.buckets],
  });

/** A registry with what Node says of the process itself. */
export const createRegistry = (): Registry => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
};
