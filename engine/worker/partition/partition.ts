/**
 * One assigned partition of a source at work: what its feeds bring is queued in lanes, rounds are taken from the lanes and go
 * through the pipeline, and what they finish is entered in the ledger of its feed. Lives for one assignment.
 */
import type { Tracer } from "@opentelemetry/api";
import pLimit from "p-limit";
import type { Fence } from "../../lease.ts";
import type { Decoder } from "../../avro/codec.ts";
import type { StepEnvironment, Interpreter } from "../../interpreter/interpret.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import { createExclusiveTasks } from "./exclusive.ts";
import { Aborted, type AttemptOptions, createAttemptAll, createAttemptOnce } from "../failures/attempts.ts";
import { type BackPressure, createBackPressure } from "./back-pressure.ts";
import type { Provenance } from "../round/dead-letter.ts";
import { floodBackoff } from "../failures/dead-letter-flood.ts";
import { createPipeline, type Pipeline } from "../round/pipeline.ts";
import { createTries } from "../failures/tries.ts";
import type { Flood } from "../failures/flood.ts";
import type { Feed } from "./feed.ts";
import { type InFlight, keyOf, laneOf, type Round } from "./in-flight.ts";
import { createSchemaWait } from "./schema-wait.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import type { Lease } from "./lease-guard.ts";
import type { PartitionLimits } from "./limits.ts";
import type { Producer } from "../../log/producer.ts";
import type { Telemetry } from "../telemetry.ts";
import { createRoundTracker, type Inherited } from "./round-tracker.ts";
import { createRounds } from "./rounds.ts";
import type { CallRecords } from "../liveness/call-records.ts";
import type { Waits } from "../liveness/waits.ts";
import { encodeBy, type Encoders } from "../round/encoders.ts";

/** What a partition works with. */
export interface PartitionOptions {
  readonly topology: string;
  readonly source: AnyTopic;
  readonly partition: number;
  /** What comes from the source itself; what is replayed comes by another one. */
  readonly feed: Pick<Feed, "lag">;
  readonly interpreter: Interpreter;
  readonly decoder: Decoder<unknown>;
  readonly encoders: Encoders;
  readonly producer: Producer;
  /** What the steps need, bound to the partition's lease. */
  readonly deps: (fence: Fence) => unknown;
  readonly lease: Lease;
  /** Whether `touched` will be called. */
  readonly rememberKeys: boolean;
  readonly provenance: Provenance;
  readonly limits: PartitionLimits;
  readonly attempts: Omit<AttemptOptions, "signal" | "during">;
  /** What this partition has decided lately, in this assignment and in earlier ones. */
  readonly flood: Flood;
  /** Where calls and acknowledgements are listed while they are waited for. */
  readonly waits: { readonly calls: Waits; readonly acknowledgements: Waits };
  /** Where records are counted while a call is at work for them. */
  readonly callRecords: CallRecords;
  /** Rounds that the former assignment of this partition had not ended when it was abandoned. */
  readonly inherited: Inherited;
  readonly telemetry: Telemetry;
  readonly tracer?: Tracer | undefined;
  /** Pauses or resumes fetching, of every feed. */
  readonly setPaused: (paused: boolean) => void;
  /** An error that is no record's: the process must stop. Called at most once. */
  readonly onFatal: (error: unknown) => void;
}

/** What a partition reports of itself. */
export interface PartitionStatus {
  readonly queuedRecords: number;
  readonly inFlightRecords: number;
  /** Of its source: from the first unfinished record to the end, as far as that is known. */
  readonly lagRecords: number;
  /** Of its source: the age of the first unfinished record, ms; 0 where there is none. */
  readonly lagMs: number;
  readonly paused: boolean;
  /** The epoch of its lease; 0 until it is taken. */
  readonly leaseEpoch: number;
}

/** One assigned partition. */
export interface Partition {
  /** Takes what was entered in a feed, in offset order. */
  readonly intake: (records: Round) => void;
  /** Starts no more rounds; resolves when those in flight have ended. A call that fails meanwhile is given up. */
  readonly drain: () => Promise<void>;
  /** Gives up at once: what is in flight no longer counts. Returns the rounds that have not ended. `committable`: by topic. */
  readonly abandon: (committable: (topic: string) => bigint | undefined) => Inherited;
  readonly status: () => PartitionStatus;
  /** The keys of rounds since the last call. */
  readonly touched: () => readonly Buffer[];
  /**
   * Runs a task exclusively: while no record of the key is in flight, under the partition's lease; undefined where the
   * partition is revoked before it could begin. Rejects with what the task rejects with.
   */
  readonly exclusive: <T>(key: Buffer, task: (fence: Fence) => Promise<T>) => Promise<T | undefined>;
}

/** Starts work on a partition: its lease is taken first, and no round begins before it is. */
export const createPartition = (options: PartitionOptions): Partition => {
  const { limits, source, inherited, lease, waits, decoder } = options;
  const where = `${source.name}/${options.partition}`;
  const lanes = createLanes<InFlight>({ remember: options.rememberKeys });
  const pressure = createBackPressure(limits, () => (schemas.isWaiting() ? lanes.heldRecords() : 0), options.setPaused);
  const leaving = new AbortController();
  const attempts = attemptsOf(options, leaving.signal, where);
  const attempt = createAttemptOnce(attempts);
  let pipeline: Pipeline | undefined;
  let [draining, abandoned] = [false, false];
  const tracker = createRoundTracker(inherited, (error) => {
    if (!(error instanceof Aborted) && !abandoned) options.onFatal(error);
  });

  const mayBegin = (): boolean => pipeline !== undefined && !draining;
  const rounds = createRounds({
    ...{ lanes, limits, clock: attempts.clock, leaving: leaving.signal },
    mayBegin: () => mayBegin() && pressure.hasRoom(),
    begin: (round, turn) => pipeline && tracker.track(pipeline(round, turn), round),
    mayRunAhead: options.interpreter.isAhead(source.name),
  });
  const pump = (): void => {
    exclusiveTasks.pump();
    rounds.pump();
  };
  const goOn = (): void => {
    pressure.balance();
    pump();
  };
  const openPipeline = (): Pipeline =>
    pipelineOf(options, attempts, {
      // The lanes are free when the round's writes are queued, in order; its offsets finish when they are acknowledged.
      written: (round, bytes) => {
        pressure.written(bytes);
        rounds.release(round);
        pump();
      },
      finished: (records, bytes) => {
        for (const { entry, feed } of records) feed.ledger.finish(entry);
        pressure.finished(records, bytes);
        goOn();
      },
    });
  const schemas = createSchemaWait({ decoder, lanes, attempt, track: tracker.track, changed: goOn });
  const exclusiveTasks = createExclusiveTasks(lanes, { mayBegin, track: tracker.track, ended: () => pump() });
  tracker.track(
    lease.acquire(attempt).then(() => {
      pipeline = openPipeline();
      pump();
    }),
  );
  const leave = (): void => {
    draining = true;
    leaving.abort();
    exclusiveTasks.leave();
  };
  return {
    intake: (records) => {
      if (draining) return; // Entered and not finished: the feed is not committed past them.
      pressure.entered(records);
      schemas.check(records);
      lanes.add(records);
      pump();
      pressure.balance();
    },
    drain: () => {
      leave();
      return tracker.ended();
    },
    abandon: (committable) => {
      abandoned = true;
      leave();
      return tracker.rounds(committable);
    },
    touched: () => [...lanes.touched()].flatMap((lane) => keyOf(lane) ?? []),
    exclusive: async (key, task) => {
      if (draining) return undefined;
      const run = () => lease.renewing(() => task(lease.fence));
      return exclusiveTasks.run(laneOf(key), () => waits.calls.during(`a key's task of ${where}`, run()));
    },
    status: () => statusOf(options, lanes, pressure),
  };
};

/** Attempts that end when the partition is left, and are listed while they are waited for. */
const attemptsOf = ({ attempts, waits }: PartitionOptions, signal: AbortSignal, where: string): AttemptOptions => ({
  ...attempts,
  signal,
  during: (call, work) => waits.calls.during(`${call} of ${where}`, work),
});

/** The pipeline of a partition whose lease is taken. */
const pipelineOf = (
  options: PartitionOptions,
  attempts: AttemptOptions,
  hooks: Pick<Parameters<typeof createPipeline>[0], "written" | "finished">,
): Pipeline => {
  const { source, partition, lease } = options;
  const tries = createTries();
  const attemptAll = createAttemptAll({ ...attempts, tries });
  const environment: StepEnvironment = {
    attempt: (call) => {
      const work = attemptAll({ ...call, run: (items) => lease.renewing(() => call.run(items)) });
      return options.callRecords.during(call.name, call.items.length, work);
    },
    deps: options.deps(lease.fence),
    encode: encodeBy(options.encoders),
    now: attempts.clock.now,
    limit: pLimit(options.limits.laneConcurrency),
    observe: observerOf(options.telemetry),
  };
  return createPipeline({
    ...options,
    ...hooks,
    now: attempts.clock.now,
    deciding: { ...options, from: { topic: source.name, partition }, environment, tries, observe: attempts.observe },
    attempts: {
      call: createAttemptOnce(attempts),
      round: createAttemptOnce({ ...options.attempts, signal: attempts.signal, backoff: floodBackoff }),
    },
    leaving: attempts.signal,
    acknowledgements: options.waits.acknowledgements,
  });
};

const observerOf =
  (telemetry: Telemetry): NonNullable<StepEnvironment["observe"]> =>
  (turn, paths) => {
    if (turn.kind === "outcome") telemetry.outcome(turn.step, turn.outcome, paths.length);
    else if (turn.kind === "undone") telemetry.undone(turn.step, paths.length);
    else if (turn.kind === "written") telemetry.written(turn.sink, paths.length);
  };

const statusOf = (
  { feed: { lag }, lease, attempts }: PartitionOptions,
  lanes: Pick<Lanes<InFlight>, "queuedRecords">,
  pressure: BackPressure,
): PartitionStatus => {
  const queuedRecords = lanes.queuedRecords();
  return {
    queuedRecords,
    inFlightRecords: pressure.unfinishedRecords() - queuedRecords,
    lagRecords: lag.records(),
    lagMs: lag.ageMs(attempts.clock.now()),
    paused: pressure.paused(),
    leaseEpoch: lease.fence.epoch,
  };
};
