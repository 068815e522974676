/** The metrics of a worker, bound to a registry at its start. */
import type { Registry } from "prom-client";
import { type TopologyGraph, undosOf, writtenNamesOf } from "../../flow/graph.ts";
import { deadLetterFlood } from "../../worker/failures/dead-letter-flood.ts";
import type { Hold } from "../../worker/failures/holds.ts";
import type { PartitionStatus } from "../../worker/partition/partition.ts";
import type { Telemetry } from "../../worker/telemetry.ts";
import type { Worker } from "../../worker/worker.ts";
import { counterOf, countedHistogramOf, histogramOf, type MetricDefinition, watchedGauge } from "./define.ts";
import { engineMetrics } from "./table.ts";

/** The names of a graph that are labels. */
export type CountedGraph = Pick<TopologyGraph, "name" | "sources" | "steps" | "edges">;

/**
 * What a worker of one topology counts. Everything that the graph names begins at 0 with the process: Prometheus takes the first
 * value that it sees of a series for where it began, so the first burst would be in no rate and in no objective.
 */
export const workerTelemetry = (registry: Registry, graph: CountedGraph): Telemetry => {
  const topology = graph.name;
  const records = histogramOf(registry, engineMetrics.roundRecords);
  const seconds = histogramOf(registry, engineMetrics.roundSeconds);
  const age = countedHistogramOf(registry, engineMetrics.recordAge);
  const assigned = counterOf(registry, engineMetrics.rebalances);
  const refused = counterOf(registry, engineMetrics.commitsRefused);
  const outcomes = counterOf(registry, engineMetrics.outcomes);
  const undone = counterOf(registry, engineMetrics.compensations);
  const written = counterOf(registry, engineMetrics.written);
  const deadLetters = counterOf(registry, engineMetrics.deadLetters);
  const failed = counterOf(registry, engineMetrics.failedAttempts);
  for (const topic of graph.sources) {
    records.zero({ topology, topic });
    seconds.zero({ topology, topic });
    age.observeAll({ topology, topic }, new Float64Array());
  }
  // An outcome without a name of its own has one when it comes.
  for (const { from: step, on: outcome } of graph.edges)
    if (step in graph.steps && outcome !== "*") outcomes.inc({ topology, step, outcome }, 0);
  for (const sink of writtenNamesOf(graph)) written.inc({ topology, sink }, 0);
  for (const [step, own] of Object.entries(graph.steps)) if (undosOf(own).length > 0) undone.inc({ topology, step }, 0);
  assigned.inc({ topology }, 0);
  refused.inc({ topology }, 0);
  return {
    round: (topic, size, elapsed) => {
      records.observe({ topology, topic }, size);
      seconds.observe({ topology, topic }, elapsed);
    },
    aged: (topic, ages) => age.observeAll({ topology, topic }, ages),
    outcome: (step, outcome, n) => outcomes.inc({ topology, step, outcome }, n),
    undone: (step, n) => undone.inc({ topology, step }, n),
    written: (sink, n) => written.inc({ topology, sink }, n),
    deadLettered: ({ code }) => deadLetters.inc({ topology, code }),
    assigned: () => assigned.inc({ topology }),
    commitRefused: () => refused.inc({ topology }),
    failedAttempt: (call, code, holding) => failed.inc({ topology, call, code, holding: String(holding) }),
  };
};

/** Which graph a worker runs: its name and hash. */
export const tellGraph = (registry: Registry, topology: string, hash: string): void =>
  watchedGauge(registry, engineMetrics.topologyInfo, (set) => set({ topology, hash: hash.slice(0, 8) }, 1));

/**
 * Gauges of a worker's partitions, read when they are scraped; the lag is measured first. Partitions that were given back are
 * not reported.
 */
export const watchPartitions = (
  registry: Registry,
  topology: string,
  { status, measure }: Pick<Worker, "status" | "measure">,
): void => {
  const { lagRecords, lagSeconds, queuedRecords, inFlightRecords, paused, leaseEpoch, partitionsAssigned } =
    engineMetrics;
  const watch = (
    definition: MetricDefinition<"topology" | "partition"> & { readonly kind: "gauge" },
    read: (of: PartitionStatus) => number,
    before: () => Promise<void> | undefined = () => undefined,
  ) =>
    watchedGauge(registry, definition, async (set) => {
      await before();
      for (const [partition, own] of status()) set({ topology, partition }, read(own));
    });
  watch(lagRecords, (own) => own.lagRecords, measure);
  watch(lagSeconds, (own) => own.lagMs / 1_000, measure);
  watch(queuedRecords, (own) => own.queuedRecords);
  watch(inFlightRecords, (own) => own.inFlightRecords);
  watch(paused, (own) => Number(own.paused));
  watch(leaseEpoch, (own) => own.leaseEpoch);
  watchedGauge(registry, partitionsAssigned, (set) => set({ topology }, status().size));
};

/** A gauge of the records in calls; those of steps and stores are there from the beginning. */
export const watchCalls = (
  registry: Registry,
  { name: topology, steps, endpoints }: Pick<TopologyGraph, "name" | "steps" | "endpoints">,
  calling: Worker["calling"],
): void => {
  const stores = Object.entries(endpoints).flatMap(([name, { kind }]) => (kind === "store" ? [`write ${name}`] : []));
  watchedGauge(registry, engineMetrics.callRecords, (set) => {
    for (const call of [...Object.keys(steps), ...stores]) set({ topology, call }, 0);
    for (const [call, records] of calling()) set({ topology, call }, records);
  });
};

/** Gauges of the holds of a worker. */
export const watchHolds = (registry: Registry, topology: string, holds: () => readonly Hold[]): void => {
  const calls = (of: readonly Hold[]): number => of.reduce((sum, hold) => sum + hold.calls, 0);
  watchedGauge(registry, engineMetrics.holds, (set) => set({ topology }, calls(holds())));
  watchedGauge(registry, engineMetrics.deadLetterFlood, (set) =>
    set({ topology }, calls(holds().filter(({ code }) => code === deadLetterFlood))),
  );
};

/** A gauge of records queued for the log, read when it is scraped. */
export const watchBacklog = (registry: Registry, backlogRecords: () => number): void =>
  watchedGauge(registry, engineMetrics.producerBacklog, (set) => set({}, backlogRecords()));
