/**
 * One assigned partition at work: what is fetched is queued in lanes and entered in the ledger, rounds are taken from the
 * lanes and go through the pipeline, and finished offsets can be committed. Lives for one assignment.
 */
import pLimit from "p-limit";
import type { Fence } from "../../lease.ts";
import type { Decoder } from "../../avro/codec.ts";
import type { StepEnvironment, Interpreter } from "../../interpreter/interpret.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import { createExclusiveTasks } from "./exclusive.ts";
import { Aborted, type AttemptOptions, createAttemptAll, createAttemptOnce } from "../failures/attempts.ts";
import { createBackPressure } from "./back-pressure.ts";
import type { Provenance } from "../round/dead-letter.ts";
import { floodBackoff } from "../failures/dead-letter-flood.ts";
import { createPipeline, type Pipeline } from "../round/pipeline.ts";
import { createFlood, type FloodLimits } from "../failures/flood.ts";
import { type InFlight, inFlight, keyOf, laneOf } from "./in-flight.ts";
import { createLanes } from "./lanes.ts";
import type { Lease } from "./lease-guard.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { PartitionLimits } from "./limits.ts";
import type { LogRecord } from "../../log/log.ts";
import type { Producer } from "../../log/producer.ts";
import type { Telemetry } from "../telemetry.ts";
import { createRoundTracker, type Inherited } from "./round-tracker.ts";
import type { Waits } from "../liveness/waits.ts";
import { encodeBy, type Encoders } from "../round/encoders.ts";

/** What a partition works with. */
export interface PartitionOptions {
  readonly topology: string;
  readonly source: AnyTopic;
  readonly partition: number;
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
  readonly flood: FloodLimits;
  /** Where calls and acknowledgements are listed while they are waited for. */
  readonly waits: { readonly calls: Waits; readonly acknowledgements: Waits };
  /** Rounds that the former assignment of this partition had not ended when it was abandoned. */
  readonly inherited: Inherited;
  readonly telemetry: Telemetry;
  /** Pauses or resumes fetching. */
  readonly setPaused: (paused: boolean) => void;
  /** An error that is no record's: the process must stop. Called at most once. */
  readonly onFatal: (error: unknown) => void;
}

/** What a partition reports of itself. */
export interface PartitionStatus {
  readonly queuedRecords: number;
  readonly inFlightRecords: number;
  /** End offset less the committable offset, as of the last fetch. */
  readonly lagRecords: number;
  readonly paused: boolean;
}

/** One assigned partition. */
export interface Partition {
  /** Takes what was fetched, in offset order. */
  readonly intake: (records: readonly LogRecord[], endOffset: bigint) => void;
  /** Starts no more rounds; resolves when those in flight have ended. A call that fails meanwhile is given up. */
  readonly drain: () => Promise<void>;
  /** Gives up at once: what is in flight no longer counts. Returns the rounds that have not ended. */
  readonly abandon: () => Inherited;
  /** The next offset to commit; undefined where nothing has been read. */
  readonly committable: () => bigint | undefined;
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
  const { limits, source, inherited, lease, waits } = options;
  const where = `${source.name}/${options.partition}`;
  const lanes = createLanes<InFlight>({ remember: options.rememberKeys });
  const ledger = createLedger();
  const pressure = createBackPressure(limits, options.setPaused);
  const leaving = new AbortController();
  const attempts: AttemptOptions = {
    ...options.attempts,
    signal: leaving.signal,
    during: (call, work) => waits.calls.during(`${call} of ${where}`, work),
  };
  const attempt = createAttemptOnce(attempts);
  let pipeline: Pipeline | undefined;
  let active = 0;
  let endOffset = 0n;
  let draining = false;
  let abandoned = false;
  const tracker = createRoundTracker(inherited, (error) => {
    if (!(error instanceof Aborted) && !abandoned) options.onFatal(error);
  });

  const balance = (): void =>
    pressure.balance({ unfinishedRecords: ledger.unfinished(), queuedBytes: lanes.queuedBytes() });
  const pump = (): void => {
    exclusiveTasks.pump();
    while (pipeline !== undefined && !draining && active < limits.concurrency) {
      const round = lanes.take(limits.maxRound);
      if (round.length === 0) return;
      active++;
      tracker.track(pipeline(round), round);
    }
  };
  const openPipeline = (): Pipeline =>
    pipelineOf(options, attempts, {
      // The lanes are free when the round's writes are queued, in order; its offsets finish when they are acknowledged.
      written: (round) => {
        active--;
        lanes.release(round);
        pump();
      },
      finished: (round) => {
        for (const { entry } of round) ledger.finish(entry);
        balance();
      },
    });
  const mayBegin = (): boolean => pipeline !== undefined && !draining;
  const exclusiveTasks = createExclusiveTasks(lanes, { mayBegin, track: tracker.track, ended: () => pump() });
  const opening = lease.acquire(attempt).then(() => {
    pipeline = openPipeline();
    pump();
  });
  const leave = (): void => {
    draining = true;
    leaving.abort();
    exclusiveTasks.leave();
  };
  tracker.track(opening);

  return {
    intake: (records, end) => {
      if (draining) return;
      endOffset = end;
      lanes.add(records.map((record) => inFlight(record, ledger.register(record.offset))));
      pump();
      balance();
    },
    drain: () => {
      leave();
      return tracker.ended();
    },
    abandon: () => {
      abandoned = true;
      leave();
      return tracker.rounds(ledger.committable());
    },
    touched: () => [...lanes.touched()].flatMap((lane) => keyOf(lane) ?? []),
    exclusive: async (key, task) => {
      if (draining) return undefined;
      const run = () => lease.renewing(() => task(lease.fence));
      return exclusiveTasks.run(laneOf(key), () => waits.calls.during(`a key's task of ${where}`, run()));
    },
    committable: ledger.committable,
    status: () => statusOf({ queuedRecords: lanes.queuedRecords(), ledger, endOffset, paused: pressure.paused() }),
  };
};

/** The pipeline of a partition whose lease is taken. */
const pipelineOf = (
  options: PartitionOptions,
  attempts: AttemptOptions,
  hooks: Pick<Parameters<typeof createPipeline>[0], "written" | "finished">,
): Pipeline => {
  const { source, partition, lease } = options;
  const attemptAll = createAttemptAll(attempts);
  const environment: StepEnvironment = {
    attempt: (call) => attemptAll({ ...call, run: (items) => lease.renewing(() => call.run(items)) }),
    deps: options.deps(lease.fence),
    encode: encodeBy(options.encoders),
    now: attempts.clock.now,
    limit: pLimit(options.limits.laneConcurrency),
    observe: observerOf(options.telemetry),
  };
  return createPipeline({
    ...options,
    ...hooks,
    deciding: { ...options, from: { topic: source.name, partition }, environment, observe: attempts.observe },
    flood: createFlood(options.flood),
    attempts: {
      call: createAttemptOnce(attempts),
      round: createAttemptOnce({ ...options.attempts, signal: attempts.signal, backoff: floodBackoff }),
    },
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

const statusOf = (of: Pick<PartitionStatus, "queuedRecords" | "paused"> & Progress): PartitionStatus => {
  const { ledger, endOffset, queuedRecords, paused } = of;
  const inFlightRecords = ledger.unfinished() - queuedRecords;
  return {
    queuedRecords,
    inFlightRecords,
    paused,
    lagRecords: Math.max(0, Number(endOffset - (ledger.committable() ?? endOffset))),
  };
};
interface Progress {
  readonly ledger: Ledger;
  readonly endOffset: bigint;
}
