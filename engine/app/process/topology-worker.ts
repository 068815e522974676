/** Starts a worker of a topology: Kafka, codec, producer and metrics around it, and the order in which they end. */
import { hostname } from "node:os";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../../log/producer/accumulator.ts";
import { type Backoff, systemClock } from "../../clock.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { kafkaLog } from "../../log/kafka/kafka-log.ts";
import type { Log } from "../../log/log.ts";
import { unfenced } from "../../worker/partition/lease-guard.ts";
import { startWorker } from "../../worker/worker.ts";
import { type Codec, createCodec } from "../../avro/codec.ts";
import { confluentRegistry } from "../../registry/registry.ts";
import type { Topology } from "../../flow/dsl.ts";
import { writtenTopics } from "../../flow/parts.ts";
import {
  tellGraph,
  watchBacklog,
  watchCalls,
  watchHolds,
  watchPartitions,
  workerTelemetry,
} from "../metrics/worker-metrics.ts";
import type { Opened, ProcessContext, Running } from "../define-app.ts";

/** Between attempts at what failed: soon enough to go on within 2 s of a dependency's return. */
const backoff: Backoff = { initialMs: 50, maxMs: 1_500 };

/** Starts a worker. @throws where the group cannot be joined, or what is deployed is not what runs. */
export const startTopologyWorker = <Deps>(
  context: ProcessContext,
  topology: Topology<Deps>,
  own: Opened<NoInfer<Deps>>,
): Promise<Running> => {
  const { config, logger } = context;
  const log = kafkaLog({
    brokers: config.brokers,
    // A group's description says by it which graph each member runs.
    clientId: `sluice-${topology.graph.name}@${topology.hash.slice(0, 8)}`,
    logger,
    groupInstanceId: config.groupInstanceId,
    sessionTimeoutMs: config.sessionTimeoutMs,
    drainBudgetMs: config.drainMs,
  });
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  return workerOn(context, topology, { own, log, codec });
};

/** What a worker reads, writes and decodes with. */
export interface WorkerParts<Deps> {
  readonly own: Opened<Deps>;
  /** Closed when the worker has ended. */
  readonly log: Log;
  readonly codec: Codec;
}

/** A worker on a log. @throws where the group cannot be joined */
export const workerOn = async <Deps>(
  { config, logger, registry, tracer }: ProcessContext,
  topology: Topology<Deps>,
  { own, log: inner, codec }: WorkerParts<NoInfer<Deps>>,
): Promise<Running> => {
  const { name } = topology.graph;
  const log = own.wrapLog?.(inner) ?? inner;
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
    codec,
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
    telemetry: workerTelemetry(registry, topology.graph),
    tracer,
    logger,
  });
  tellGraph(registry, name, topology.hash);
  watchPartitions(registry, name, worker);
  watchCalls(registry, topology.graph, worker.calling);
  watchHolds(registry, name, worker.holding);
  watchBacklog(registry, producer.backlogRecords);
  return {
    ready: worker.ready,
    ended: worker.ended,
    listedAs: { kind: "worker", subject: name, hash: topology.hash },
    holding: worker.holding,
    ...(own.repairs !== undefined && { repairs: own.repairs }),
    about: { topology: name, graph: topology.hash.slice(0, 12) },
    stop: async () => {
      await worker.stop();
      await producer.close();
      await log.close();
      await own.close();
    },
  };
};
