/**
 * A worker: one topology's membership in its group. Partitions come and go with the assignment; what is finished is
 * committed about once a second and at every hand-over.
 */
import { Fatal } from "../processors/errors.ts";
import type { Fence, Leases } from "../processors/lease.ts";
import type { Codec, Encoder } from "../schemas/codec.ts";
import type { Topology } from "../topology/dsl.ts";
import { createInterpreter } from "../topology/interpret.ts";
import { type Parts, writtenTopics } from "../topology/parts.ts";
import { createAssignment, type PartitionMaker } from "./assignment.ts";
import { attemptObserver } from "./attempt-observer.ts";
import type { Backoff, Clock, Random } from "./clock.ts";
import { createLease } from "./lease.ts";
import type { Log } from "./log.ts";
import type { Logger } from "./logger.ts";
import { createPartition, type PartitionStatus, type ProcessLimits, shareOf } from "./partition.ts";
import type { Producer } from "./producer.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Encoders } from "./write-round.ts";

/** What a worker is made of. The log, the clock and randomness are parameters, so that the simulator runs this very code. */
export interface WorkerOptions<Deps> {
  readonly topology: Topology<Deps>;
  /** Everything the topology's steps need, bound to the lease of the partition they run for. */
  readonly deps: (fence: Fence) => NoInfer<Deps>;
  /** Taken for each partition at its assignment, before its first round. */
  readonly leases: Leases;
  /** Names this worker in its leases, for people. */
  readonly name: string;
  readonly log: Log;
  readonly producer: Producer;
  readonly codec: Codec;
  readonly groupId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: ProcessLimits;
  readonly backoff: Backoff;
  /** Attempts at a retriable failure; see attempts.ts. */
  readonly maxAttempts: number;
  /** Time between commits of what is finished. */
  readonly commitIntervalMs: number;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/** A running worker. */
export interface Worker {
  /** Drains, commits, leaves the group. Idempotent. */
  readonly stop: () => Promise<void>;
  /** Resolves when the worker has ended: undefined after `stop`, otherwise what ended it. */
  readonly ended: Promise<Error | undefined>;
  /** True once partitions were assigned, while no attempt is held up and nothing has failed. */
  readonly ready: () => { readonly ok: boolean; readonly why: readonly string[] };
  readonly status: () => ReadonlyMap<string, PartitionStatus>;
  /** The calls that wait for a dependency to come back. */
  readonly holding: () => readonly string[];
}

/** Starts a worker and joins its group. @throws SchemaNotRegistered @throws Fatal where a topic is not as deployed. */
export const startWorker = async <Deps>(options: WorkerOptions<Deps>): Promise<Worker> => {
  const { log, topology, groupId, logger } = options;
  await refuseOtherPartitionCounts(log, topology.parts);
  const encoders = await encodersOf(options.codec, topology.parts);
  const holding = new Set<string>();
  const ending = Promise.withResolvers<Error | undefined>();
  const assignment = createAssignment(partitionMaker(options, encoders, holding), logger, (error) => {
    logger.error({ error: error.message, topology: topology.graph.name }, "the worker cannot go on");
    ending.resolve(error);
  });
  const topics = topology.parts.sources.map(({ name }) => name);
  const subscription = await log.subscribe({ groupId, topics }, assignment.listener);
  assignment.attach(subscription);
  const stopped = new AbortController();
  // It reports what it cannot do and goes on; should it ever throw, the worker must not live on without commits.
  const committing = commitEvery(options, assignment.commit, stopped.signal).catch((error: unknown) =>
    ending.resolve(error instanceof Error ? error : new Error(String(error))),
  );
  return {
    stop: async () => {
      stopped.abort();
      await committing;
      await subscription.stop();
      ending.resolve(undefined);
    },
    ended: ending.promise,
    ready: () => readiness(assignment.joined(), holding),
    status: assignment.status,
    holding: () => [...holding],
  };
};

const commitEvery = async <Deps>(
  { clock, commitIntervalMs }: WorkerOptions<Deps>,
  commit: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    await clock.sleep(commitIntervalMs, signal);
    await commit();
  }
};

const readiness = (joined: boolean, holding: ReadonlySet<string>): { readonly ok: boolean; readonly why: string[] } => {
  const why = [...(joined ? [] : ["no partitions assigned yet"]), ...[...holding].map((call) => `${call} is held up`)];
  return { ok: why.length === 0, why };
};

/** More or fewer partitions than declared would spread a key over two lanes. */
const refuseOtherPartitionCounts = async (log: Log, { sources }: Parts): Promise<void> => {
  for (const { name, partitions } of sources) {
    const got = await log.partitionCount(name);
    if (got !== partitions)
      throw new Fatal(
        "PARTITION_COUNT",
        `topic ${name} has ${got} partitions, the topology declares ${partitions}; run: sluice topology apply`,
      );
  }
};

const encodersOf = async (codec: Codec, parts: Parts): Promise<Encoders> => {
  const encoders = new Map<string, Encoder<unknown>>();
  for (const topic of writtenTopics(parts)) encoders.set(topic.name, await codec.encoder(topic));
  return encoders;
};

const partitionMaker = <Deps>(
  options: WorkerOptions<Deps>,
  encoders: Encoders,
  holding: Set<string>,
): PartitionMaker => {
  const { topology, codec, clock, random, backoff, maxAttempts, logger, telemetry } = options;
  const interpreter = createInterpreter(topology.parts);
  const decoders = new Map(
    topology.parts.sources.map((source) => [source.name, { source, decoder: codec.decoder(source) }]),
  );
  const observe = attemptObserver(logger, telemetry, holding);
  return ({ topic, partition }, { partitions, prove, ...hooks }) => {
    const leased = { topology: topology.graph.name, topic, partition };
    const found = decoders.get(topic);
    if (found === undefined)
      throw new Fatal("UNKNOWN_TOPIC", `assigned ${topic}, which is no source of ${topology.graph.name}`);
    return createPartition({
      topology: topology.graph.name,
      partition,
      interpreter,
      encoders,
      producer: options.producer,
      deps: options.deps,
      lease: createLease({ partition: leased, take: () => options.leases.take(leased, options.name), prove }),
      provenance: { groupId: options.groupId, graphHash: topology.hash },
      limits: shareOf(options.limits, partitions),
      attempts: { clock, random, backoff, maxAttempts, observe },
      telemetry,
      ...found,
      ...hooks,
    });
  };
};
