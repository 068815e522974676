/** What the composition roots of workers do alike: Kafka, codec, producer, metrics, and the order in which they end. */
import { hostname } from "node:os";
import type { Leases } from "../lease.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../log/producer/accumulator.ts";
import { type Backoff, systemClock } from "../clock.ts";
import { deadLetterTopic } from "../worker/round/dead-letter.ts";
import { kafkaLog } from "../log/kafka/kafka-log.ts";
import { unfenced } from "../worker/partition/lease-guard.ts";
import type { Log } from "../log/log.ts";
import type { ProcessLimits } from "../worker/partition/partition.ts";
import type { Upkeep } from "../worker/upkeep.ts";
import { startWorker, type WorkerOptions } from "../worker/worker.ts";
import { createCodec } from "../avro/codec.ts";
import { confluentRegistry } from "../avro/registry.ts";
import type { Topology } from "../flow/dsl.ts";
import { writtenTopics } from "../flow/parts.ts";
import { watchBacklog } from "../../ops/metrics/api-metrics.ts";
import { watchHolds, watchPartitions, workerTelemetry } from "./metrics.ts";
import type { ProcessContext, Running } from "./process.ts";

/** What differs from one topology to another. */
export interface TopologyWorker<Deps> {
  readonly topology: Topology<Deps>;
  readonly deps: WorkerOptions<Deps>["deps"];
  /** Without them nobody is fenced: for topologies that cause the same effects whoever runs them. */
  readonly leases?: Leases;
  readonly upkeep?: Upkeep;
  /** Lets go of what `deps` hold, after the worker has drained. */
  readonly close: () => Promise<void>;
  /** Instead of the configuration's. */
  readonly limits?: ProcessLimits;
  /** Instead of {@link backoff}. */
  readonly backoff?: Backoff;
  /** Dependencies whose absence leaves the worker ready; see engine/worker/failures/holds.ts. */
  readonly optionalDependencies?: readonly string[];
  /** Puts something around the log. For tests that break it: see test/faults. */
  readonly wrapLog?: (log: Log) => Log;
}

/** Between attempts at what failed: soon enough to go on within 2 s of a dependency's return. */
const backoff: Backoff = { initialMs: 50, maxMs: 1_500 };

/** Starts a worker. @throws where the group cannot be joined, or what is deployed is not what runs. */
export const startTopologyWorker = async <Deps>(
  { config, logger, registry }: ProcessContext,
  own: TopologyWorker<Deps>,
): Promise<Running> => {
  const { topology } = own;
  const { name } = topology.graph;
  const kafka = kafkaLog({
    brokers: config.brokers,
    clientId: `sluice-${name}`,
    logger,
    sessionTimeoutMs: config.sessionTimeoutMs,
    drainBudgetMs: config.drainMs,
  });
  const log = own.wrapLog?.(kafka) ?? kafka;
  // The sources too: upkeep asks in which partition a key is read.
  const known = [...topology.parts.sources, ...writtenTopics(topology.parts)].map((topic) => topic.name);
  const topics = [...known, deadLetterTopic(name)];
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: await loadPartitionCounts(log, topics),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  const worker = await startWorker({
    topology,
    deps: own.deps,
    leases: own.leases ?? unfenced,
    ...(own.upkeep === undefined ? {} : { upkeep: own.upkeep }),
    name: `${hostname()}:${process.pid}`,
    log,
    producer,
    codec: createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() }),
    groupId: `${config.groupPrefix}.${name}`,
    clock: systemClock,
    random: Math.random,
    backoff: own.backoff ?? backoff,
    limits: own.limits ?? config.limits,
    maxAttempts: config.maxAttempts,
    commitIntervalMs: config.commitIntervalMs,
    readinessPolicy: { graceMs: config.holdGraceMs, optionalDependencies: own.optionalDependencies ?? [] },
    flood: config.flood,
    stall: config.stall,
    telemetry: workerTelemetry(registry, name),
    logger,
  });
  watchPartitions(registry, name, worker.status);
  watchHolds(registry, worker.holding);
  watchBacklog(registry, producer.backlogRecords);
  return {
    ready: worker.ready,
    ended: worker.ended,
    about: { topology: name, graph: topology.hash.slice(0, 12) },
    stop: async () => {
      await worker.stop();
      await producer.close();
      await log.close();
      await own.close();
    },
  };
};
