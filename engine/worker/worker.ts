/**
 * A worker: one topology's membership in its group. Partitions come and go with the assignment; what is finished is
 * committed about once a second and at every hand-over.
 */
import type { Tracer } from "@opentelemetry/api";
import { Fatal } from "../errors.ts";
import type { Fence, Leases } from "../lease.ts";
import type { Codec } from "../avro/codec.ts";
import type { Topology } from "../flow/dsl.ts";
import { createInterpreter } from "../interpreter/interpret.ts";
import { createAssignment, type PartitionMaker } from "./assignment.ts";
import { loggingDeadLetters } from "./failures/dead-letter-log.ts";
import { attemptObserver } from "./failures/attempt-observer.ts";
import type { Backoff, Clock, Random } from "../clock.ts";
import { createLease } from "./partition/lease-guard.ts";
import type { Log, LogTrouble } from "../log/log.ts";
import { errorFields, type Logger } from "../logger.ts";
import { createFloods, type FloodLimits } from "./failures/flood.ts";
import { createHolds, type Hold, holdOn, type Holds, unreadyReasons, type ReadinessPolicy } from "./failures/holds.ts";
import { createPartition, type PartitionOptions, type PartitionStatus } from "./partition/partition.ts";
import { type ProcessLimits, shareOf } from "./partition/limits.ts";
import { refuseGrowth, refuseOtherPartitionCounts } from "./partition-counts.ts";
import type { Producer } from "../log/producer.ts";
import { type Readiness, readinessOf } from "../readiness.ts";
import type { Telemetry } from "./telemetry.ts";
import { keepUp, type Upkeep } from "./upkeep.ts";
import { type CallRecords, createCallRecords } from "./liveness/call-records.ts";
import { createWaits, type Wait } from "./liveness/waits.ts";
import { type StallLimits, watch } from "./liveness/watchdog.ts";
import { retryPartitions, retryTopic } from "./round/retry-record.ts";
import { type Encoders, encodersOf } from "./round/encoders.ts";

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
  /** When a hold makes the worker unready. */
  readonly readinessPolicy: ReadinessPolicy;
  /** When so many dead letters are a flood, which holds the partition. */
  readonly flood: FloodLimits;
  /** When the worker is stalled. */
  readonly stall: StallLimits;
  /** Time between commits of what is finished. */
  readonly commitIntervalMs: number;
  readonly telemetry: Telemetry;
  /** Records spans of rounds; undefined where traces are off. */
  readonly tracer?: Tracer | undefined;
  readonly logger: Logger;
  /** What is looked after besides rounds. */
  readonly upkeep?: Upkeep;
}

/** A running worker. */
export interface Worker {
  /** Drains, commits, leaves the group. Idempotent. */
  readonly stop: () => Promise<void>;
  /** Resolves when the worker has ended: undefined after `stop`, otherwise what ended it. */
  readonly ended: Promise<Error | undefined>;
  /** True once partitions were assigned, while no attempt is held up and nothing has failed. */
  readonly ready: () => Readiness;
  readonly status: () => ReadonlyMap<string, PartitionStatus>;
  /** Asks the log where the partitions end, for the lag in `status`; at most every few seconds, for 2 s. Never rejects. */
  readonly measure: () => Promise<void>;
  /** What is held up, call by call, until something is back. */
  readonly holding: () => readonly Hold[];
  /** How many records each call is at work for, by its name: a step's, `write <store>`, `undo <name>`. */
  readonly calling: () => ReadonlyMap<string, number>;
}

/** Starts a worker and joins its group. @throws SchemaNotRegistered @throws Fatal where a topic is not as deployed. */
export const startWorker = async <Deps>(options: WorkerOptions<Deps>): Promise<Worker> => {
  const { log, topology, groupId, logger } = options;
  const { sources } = topology.parts;
  const retry = { name: retryTopic(topology.graph.name), partitions: retryPartitions(topology.graph) };
  const read = [...sources, retry];
  await refuseOtherPartitionCounts(log, read);
  const encoders = await encodersOf(options.codec, topology.parts);
  const watched = watchedOf(options);
  const ending = Promise.withResolvers<Error | undefined>();
  const topicsOf = { sources, retry: retry.name };
  const onFailed = (error: Error): void => {
    logger.error(
      { event: "worker.failed", topology: topology.graph.name, ...errorFields(error) },
      "the worker cannot go on",
    );
    ending.resolve(error);
  };
  const assignment = createAssignment(partitionMaker(options, encoders, watched), {
    ...options,
    topics: topicsOf,
    onFailed,
  });
  const topics = read.map(({ name }) => name);
  const subscription = await log.subscribe({ groupId, topics }, refuseGrowth(read, assignment.listener));
  const { calls } = watched.waits;
  assignment.attach({
    commit: (offsets) => calls.during("a commit of offsets", subscription.commit(offsets)),
    pause: (at) => subscription.pause(at),
    resume: (at) => subscription.resume(at),
    positions: () => subscription.positions(),
  });
  const stopped = new AbortController();
  const { signal } = stopped;
  // It reports what it cannot do and goes on; should it ever throw, the worker must not live on without commits.
  const committing = commitEvery(options, assignment.commit, signal).catch((error: unknown) =>
    ending.resolve(error instanceof Error ? error : new Error(String(error))),
  );
  const { upkeep, clock, readinessPolicy } = options;
  const refused = ending.resolve;
  const keeping = upkeep && keepUp(upkeep, { partitions: assignment.partitions, clock, logger, refused, signal });
  const watchdog = watch({ limits: options.stall, oldest: watched.oldest, clock, logger, signal });
  void watchdog.watching.then((error) => error && ending.resolve(error));
  return {
    stop: async () => {
      stopped.abort();
      await committing;
      await subscription.stop();
      await keeping;
      ending.resolve(undefined);
    },
    ended: ending.promise,
    ready: () => {
      const stalled = watchdog.stalled();
      const holds = [
        ...watched.holds.list(),
        ...troubleOf("membership", subscription.trouble()),
        ...troubleOf("append", options.producer.trouble()),
      ];
      return readinessOf([
        ...(assignment.joined() ? [] : [{ code: "NOT_ASSIGNED", why: "no partitions assigned yet" } as const]),
        ...unreadyReasons(holds, readinessPolicy, clock.now()),
        ...(stalled === undefined ? [] : [{ code: "STALLED", why: stalled } as const]),
      ]);
    },
    status: assignment.status,
    measure: assignment.measure,
    holding: watched.holds.list,
    calling: watched.callRecords.now,
  };
};

/** What goes on by itself while it is tried again holds rounds, though none of their calls is asked again for it. */
const troubleOf = (what: string, trouble: LogTrouble | undefined): readonly Hold[] =>
  trouble === undefined
    ? []
    : [{ ...holdOn(what, trouble.error), sinceMs: trouble.sinceMs, codeSinceMs: trouble.sinceMs }];

/** What a worker waits for, and what holds it up. */
interface Watched {
  readonly holds: Holds;
  readonly waits: PartitionOptions["waits"];
  readonly callRecords: CallRecords;
  readonly oldest: () => Wait | undefined;
}

/**
 * A hold on something that is away makes attempt after attempt, so it is never stalled; one on a lease that another
 * has taken does: only leaving and joining again can end it. An append is tried again and again by the producer itself.
 */
const watchedOf = <Deps>({ clock, producer }: WorkerOptions<Deps>): Watched => {
  const holds = createHolds(clock);
  const waits = { calls: createWaits(clock), acknowledgements: createWaits(clock) };
  const oldest = (): Wait | undefined => {
    const acknowledgement = waits.acknowledgements.oldest();
    const candidates = [
      waits.calls.oldest(),
      acknowledgement && {
        ...acknowledgement,
        sinceMs: Math.max(acknowledgement.sinceMs, producer.noProgressSinceMs() ?? 0),
      },
      ...holds
        .list()
        .flatMap(({ call, code, codeSinceMs }) =>
          code === "FENCED" ? [{ what: `the lease for ${call}`, sinceMs: codeSinceMs }] : [],
        ),
    ];
    return candidates
      .filter((wait) => wait !== undefined)
      .toSorted((a, b) => a.sinceMs - b.sinceMs)
      .at(0);
  };
  return { holds, waits, callRecords: createCallRecords(), oldest };
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

const partitionMaker = <Deps>(
  options: WorkerOptions<Deps>,
  encoders: Encoders,
  { holds, waits, callRecords }: Watched,
): PartitionMaker => {
  const { topology, codec, clock, random, backoff, maxAttempts, logger, telemetry } = options;
  const interpreter = createInterpreter(topology.parts);
  const counted = loggingDeadLetters(telemetry, { topology: topology.graph.name, logger, clock });
  const decoders = new Map(
    topology.parts.sources.map((source) => [source.name, { source, decoder: codec.decoder(source) }]),
  );
  const floods = createFloods(options.flood);
  return ({ topic, partition }, { partitions, prove, ...hooks }) => {
    const leased = { topology: topology.graph.name, topic, partition };
    const found = decoders.get(topic);
    if (found === undefined)
      throw new Fatal("UNKNOWN_TOPIC", `assigned ${topic}, which is no source of ${topology.graph.name}`);
    const observe = attemptObserver({ logger, telemetry, holds }, `${topic}/${partition}`);
    return createPartition({
      topology: topology.graph.name,
      partition,
      interpreter,
      encoders,
      producer: options.producer,
      deps: options.deps,
      rememberKeys: options.upkeep?.topic.name === topic,
      lease: createLease({
        partition: leased,
        take: (above) => options.leases.take(leased, options.name, above),
        prove,
        lost: (epoch) => logger.warn({ event: "lease.lost", ...leased, epoch }, "another worker raised the lease"),
      }),
      provenance: { groupId: options.groupId, graphHash: topology.hash },
      limits: shareOf(options.limits, partitions),
      attempts: { clock, random, backoff, maxAttempts, observe },
      flood: floods.of(`${topic}/${partition}`),
      waits,
      callRecords,
      telemetry: counted,
      tracer: options.tracer,
      ...found,
      ...hooks,
    });
  };
};
