/** The metrics of every process and of workers, bound to a registry of prom-client's at start. Labels are names from the graph, never ids. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { deadLetterFlood } from "../worker/failures/dead-letter-flood.ts";
import type { Hold } from "../worker/failures/holds.ts";
import type { PartitionStatus } from "../worker/partition/partition.ts";
import type { Telemetry } from "../worker/telemetry.ts";

/** Round sizes from 1 to 10,000 in half decades. */
const roundBuckets = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];
const secondBuckets = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

/** A registry with the process's own metrics in it. */
export const createRegistry = (): Registry => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
};

/** What a worker of one topology counts. */
export const workerTelemetry = (registry: Registry, topology: string): Telemetry => {
  const registers = [registry];
  const records = new Histogram({
    name: "sluice_round_records",
    help: "Records in a round, by source topic.",
    labelNames: ["topology", "topic"],
    buckets: roundBuckets,
    registers,
  });
  const seconds = new Histogram({
    name: "sluice_round_seconds",
    help: "From a round's start to the acknowledgement of all it wrote.",
    labelNames: ["topology", "topic"],
    buckets: secondBuckets,
    registers,
  });
  const counter = <Label extends string>(name: string, help: string, labels: readonly Label[]) =>
    new Counter<"topology" | Label>({ name, help, labelNames: ["topology", ...labels], registers });
  const outcomes = counter("sluice_outcomes_total", "Outcomes of steps, in records.", ["step", "outcome"]);
  const undone = counter("sluice_compensations_total", "Effects undone, in records.", ["step"]);
  const written = counter("sluice_written_total", "Records whose path ended in a sink.", ["sink"]);
  const deadLetters = counter("sluice_dead_letters_total", "Records dead-lettered, by error code.", ["code"]);
  const failed = counter("sluice_failed_attempts_total", "Attempts that failed.", ["call", "code", "holding"]);
  return {
    round: (topic, size, elapsed) => {
      records.observe({ topology, topic }, size);
      seconds.observe({ topology, topic }, elapsed);
    },
    outcome: (step, outcome, n) => outcomes.inc({ topology, step, outcome }, n),
    undone: (step, n) => undone.inc({ topology, step }, n),
    written: (sink, n) => written.inc({ topology, sink }, n),
    deadLettered: ({ code }) => deadLetters.inc({ topology, code }),
    failedAttempt: (call, code, holding) => failed.inc({ topology, call, code, holding: String(holding) }),
  };
};

/** Gauges of a worker's partitions, read when they are scraped. */
export const watchPartitions = (
  registry: Registry,
  topology: string,
  status: () => ReadonlyMap<string, PartitionStatus>,
): void => {
  const gauge = (name: string, help: string, read: (status: PartitionStatus) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["topology", "partition"],
      registers: [registry],
      collect() {
        // Partitions that were given back are not ours to report.
        this.reset();
        for (const [partition, own] of status()) this.set({ topology, partition }, read(own));
      },
    });
  gauge("sluice_lag_records", "End offset less committable offset, as of the last fetch.", (s) => s.lagRecords);
  gauge("sluice_queued_records", "Records fetched and not in a round.", (s) => s.queuedRecords);
  gauge("sluice_in_flight_records", "Records in rounds, or written and not acknowledged.", (s) => s.inFlightRecords);
  gauge("sluice_paused", "1 while a partition is not fetched because its bounds are reached.", (s) =>
    s.paused ? 1 : 0,
  );
};

/** Gauges of the holds of a worker. */
export const watchHolds = (registry: Registry, holds: () => readonly Hold[]): void => {
  const gauge = (name: string, help: string, counts: (hold: Hold) => boolean) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(holds().reduce((sum, hold) => (counts(hold) ? sum + hold.calls : sum), 0));
      },
    });
  gauge("sluice_holds", "Calls that wait for something to come back.", () => true);
  const flood = "Rounds held because too many of their records would be dead-lettered: somebody has to look.";
  gauge("sluice_dead_letter_flood", flood, ({ code }) => code === deadLetterFlood);
};

/** A gauge of records queued for the log, read when it is scraped. */
export const watchBacklog = (registry: Registry, backlogRecords: () => number): void => {
  new Gauge({
    name: "sluice_producer_backlog_records",
    help: "Records queued or under way to the log.",
    registers: [registry],
    collect() {
      this.set(backlogRecords());
    },
  });
};
