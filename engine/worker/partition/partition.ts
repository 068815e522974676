/**
 * One assigned partition at work: what is fetched is queued in lanes and entered in the ledger; rounds are taken, read,
 * interpreted and written; what is written and acknowledged is finished. Lives for one assignment, then is let go.
 */
import type { Fence } from "../../lease.ts";
import type { Decoder } from "../../avro/codec.ts";
import type { StepEnvironment, Call, Interpreter } from "../../interpreter/interpret.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import { createExclusiveTasks } from "./exclusive.ts";
import { Aborted, type AttemptOptions, createAttempt } from "../failures/attempts.ts";
import { createBackPressure } from "./back-pressure.ts";
import type { Provenance } from "../round/dead-letter.ts";
import { decideUnlessFlood, floodBackoff } from "../failures/dead-letter-flood.ts";
import { decide, surroundings } from "../round/decide.ts";
import { createFlood, type FloodLimits } from "../failures/flood.ts";
import { type InFlight, inFlight, keyOf, laneOf, type Round } from "./in-flight.ts";
import { createLanes } from "./lanes.ts";
import type { Lease } from "./lease-guard.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { LogRecord } from "../../log/log.ts";
import type { Producer } from "../../log/producer.ts";
import type { Telemetry } from "../telemetry.ts";
import { createRoundTracker, type Inherited, notInherited } from "./round-tracker.ts";
import type { Waits } from "../liveness/waits.ts";
import type { Encoders } from "../round/write-round.ts";

/** Bounds of one partition. */
export interface PartitionLimits {
  /** Records in one round, at most; 1 to 10,000. */
  readonly maxRound: number;
  /** Rounds side by side, with disjoint keys. */
  readonly concurrency: number;
  /** Lanes side by side within a round, where a step decides one by one. */
  readonly laneConcurrency: number;
  /** Above this many unfinished records the partition is paused; below half of it, resumed. */
  readonly maxRecords: number;
  /** The same bound in bytes of keys and values queued. */
  readonly maxBytes: number;
}

/** Bounds of a process: its partitions have even shares of them, so that they hold without a partition asking another. */
export interface ProcessLimits extends PartitionLimits {
  readonly processMaxRecords: number;
  readonly processMaxBytes: number;
}

/** The bounds of each of `partitions` partitions of one process. */
export const shareOf = (limits: ProcessLimits, partitions: number): PartitionLimits => ({
  ...limits,
  maxRecords: Math.min(limits.maxRecords, Math.ceil(limits.processMaxRecords / partitions)),
  maxBytes: Math.min(limits.maxBytes, Math.ceil(limits.processMaxBytes / partitions)),
});

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
  /** Whether `touched` will be asked. */
  readonly rememberKeys: boolean;
  readonly provenance: Provenance;
  readonly limits: PartitionLimits;
  readonly attempts: Omit<AttemptOptions, "signal">;
  readonly flood: FloodLimits;
  /** Where calls, and acknowledgements, are listed while they are waited for. */
  readonly waits: { readonly calls: Waits; readonly acknowledgements: Waits };
  /** What the former assignment of this very partition had not ended when it was let go. */
  readonly inherited: Inherited;
  readonly telemetry: Telemetry;
  /** Pauses or resumes fetching. */
  readonly setPaused: (paused: boolean) => void;
  /** Something happened that no record is guilty of: the process must stop. Called at most once. */
  readonly onFatal: (error: unknown) => void;
}

/** What is to be seen of a partition. */
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
  /** Starts no more rounds; resolves when those under way have ended. What fails meanwhile is not waited for. */
  readonly drain: () => Promise<void>;
  /** Lets go at once: nothing that is still under way counts any more. Answers what that is. */
  readonly abandon: () => Inherited;
  /** The next offset to commit; undefined where nothing has been read. */
  readonly committable: () => bigint | undefined;
  readonly status: () => PartitionStatus;
  /** The keys that rounds have had since this was asked last. */
  readonly touched: () => readonly Buffer[];
  /**
   * Runs a task while nothing of a key is in flight, by the partition's lease; undefined where the partition is given back
   * before it could begin. Rejects with what the task rejects with.
   */
  readonly alone: <T>(key: Buffer, task: (fence: Fence) => Promise<T>) => Promise<T | undefined>;
}

/** Starts work on a partition: its lease is taken first, and no round begins before it is. */
export const createPartition = (options: PartitionOptions): Partition => {
  const { limits, telemetry, source, inherited } = options;
  const lanes = createLanes<InFlight>({ remember: options.rememberKeys });
  const ledger = createLedger();
  const flood = createFlood(options.flood);
  const pressure = createBackPressure(limits, options.setPaused);
  const leaving = new AbortController();
  const tries = attemptsOf(options, leaving.signal);
  let around: StepEnvironment | undefined;
  let active = 0;
  let endOffset = 0n;
  let draining = false;
  let abandoned = false;
  const tracker = createRoundTracker(inherited, (error) => {
    if (!(error instanceof Aborted) && !abandoned) options.onFatal(error);
  });

  const balance = (): void =>
    pressure.balance({ unfinishedRecords: ledger.unfinished(), queuedBytes: lanes.queuedBytes() });
  /** The lanes are free as soon as the round's writes are queued, in order; its offsets finish when they are acknowledged. */
  const work = async (round: Round, within: StepEnvironment): Promise<void> => {
    const startedAt = performance.now();
    // No wait of its own: what the rounds of before wait for is listed by them.
    const own = inherited.size === 0 ? round : await notInherited(round, inherited);
    const { writer, count } = await decideUnlessFlood(flood, tries.slow, () => decide(options, within, own));
    const acknowledged = writer.flush();
    count();
    active--;
    lanes.release(round);
    pump();
    await tries.acknowledged(own.length, acknowledged);
    for (const { entry } of round) ledger.finish(entry);
    telemetry.round(source.name, round.length, (performance.now() - startedAt) / 1_000);
    balance();
  };
  const pump = (): void => {
    exclusiveTasks.pump();
    while (around !== undefined && !draining && active < limits.concurrency) {
      const round = lanes.take(limits.maxRound);
      if (round.length === 0) return;
      active++;
      tracker.track(work(round, around), round);
    }
  };
  const mayBegin = (): boolean => around !== undefined && !draining;
  const exclusiveTasks = createExclusiveTasks(lanes, { mayBegin, track: tracker.track, ended: () => pump() });
  const opening = options.lease.acquire(tries.unguarded).then(() => {
    around = surroundings(options, tries.guarded);
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
    alone: async (key, task) =>
      draining ? undefined : exclusiveTasks.run(laneOf(key), () => tries.task(() => task(options.lease.fence))),
    committable: ledger.committable,
    status: () => statusOf({ queuedRecords: lanes.queuedRecords(), ledger, endOffset, paused: pressure.paused() }),
  };
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

/** What is waited for, each wait listed; attempts of rounds also take the lease again where they are refused for it. */
const attemptsOf = ({ attempts, lease, waits, partition, source }: PartitionOptions, signal: AbortSignal) => {
  const where = `${source.name}/${partition}`;
  const plain = createAttempt({ ...attempts, signal });
  const unguarded: StepEnvironment["attempt"] = <R>(call: Call<R>) =>
    plain<R>({ ...call, run: (items) => waits.calls.during(`${call.name} of ${where}`, call.run(items)) });
  return {
    unguarded,
    guarded: lease.guard(unguarded),
    // A flood's attempts are whole rounds, made of calls that are listed themselves.
    slow: createAttempt({ ...attempts, backoff: floodBackoff, signal }),
    task: <T>(work: () => Promise<T>): Promise<T> => waits.calls.during(`a key's task of ${where}`, lease.once(work)),
    acknowledged: (records: number, work: Promise<void>): Promise<void> =>
      waits.acknowledgements.during(`the acknowledgement of what ${records} records of ${where} wrote`, work),
  };
};
