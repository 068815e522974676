/**
 * One assigned partition at work: what is fetched is queued in lanes and entered in the ledger; rounds are taken, read,
 * interpreted and written; what is written and acknowledged is finished. Lives for one assignment, then is let go.
 */
import pLimit from "p-limit";
import { codeOf } from "../processors/errors.ts";
import type { Fence } from "../processors/lease.ts";
import type { Decoder } from "../schemas/codec.ts";
import type { Around, Interpreter, Path } from "../topology/interpret.ts";
import type { AnyTopic } from "../topology/parts.ts";
import { Aborted, type AttemptOptions, createAttempt } from "./attempts.ts";
import { deadLetterTopic, type Failure, type Provenance, toDeadLetter } from "./dead-letter.ts";
import { createLanes, type Queued } from "./lanes.ts";
import { createLedger, type Entry } from "./ledger.ts";
import type { Lease } from "./lease.ts";
import type { LogRecord } from "./log.ts";
import type { Producer } from "./producer.ts";
import { readRound } from "./read-round.ts";
import type { Telemetry } from "./telemetry.ts";
import { createRoundWriter, type Encoders, type RoundWriter } from "./write-round.ts";

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
  readonly provenance: Provenance;
  readonly limits: PartitionLimits;
  readonly attempts: Omit<AttemptOptions, "signal">;
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
  /** Lets go at once: nothing that is still under way counts any more. */
  readonly abandon: () => void;
  /** The next offset to commit; undefined where nothing has been read. */
  readonly committable: () => bigint | undefined;
  readonly status: () => PartitionStatus;
}

interface InFlight extends Queued {
  readonly record: LogRecord;
  readonly entry: Entry;
}
type Round = readonly InFlight[];
type Attempt = Around["attempt"];

/** Starts work on a partition: its lease is taken first, and no round begins before it is. */
export const createPartition = (options: PartitionOptions): Partition => {
  const { limits, telemetry, source } = options;
  const lanes = createLanes<InFlight>();
  const ledger = createLedger();
  const leaving = new AbortController();
  const attempt = createAttempt({ ...options.attempts, signal: leaving.signal });
  const running = new Set<Promise<void>>();
  let around: Around | undefined;
  let active = 0;
  let endOffset = 0n;
  let paused = false;
  let draining = false;
  let abandoned = false;

  const balance = (): void => {
    const full = ledger.unfinished() > limits.maxRecords || lanes.queuedBytes() > limits.maxBytes;
    const low = ledger.unfinished() <= limits.maxRecords / 2 && lanes.queuedBytes() <= limits.maxBytes / 2;
    if (paused ? !low : !full) return;
    paused = !paused;
    options.setPaused(paused);
  };
  /** The lanes are free as soon as the round's writes are queued, in order; its offsets finish when they are acknowledged. */
  const work = async (round: Round, within: Around): Promise<void> => {
    const startedAt = performance.now();
    const writer = await decide(options, within, round);
    const acknowledged = writer.flush();
    active--;
    lanes.release(round);
    pump();
    await acknowledged;
    for (const { entry } of round) ledger.finish(entry);
    telemetry.round(source.name, round.length, (performance.now() - startedAt) / 1_000);
    balance();
  };
  const start = (begun: Promise<void>): void => {
    const working: Promise<void> = begun
      .catch((error: unknown) => {
        if (!(error instanceof Aborted) && !abandoned) options.onFatal(error);
      })
      .finally(() => running.delete(working));
    running.add(working);
  };
  const pump = (): void => {
    while (around !== undefined && !draining && active < limits.concurrency) {
      const round = lanes.take(limits.maxRound);
      if (round.length === 0) return;
      active++;
      start(work(round, around));
    }
  };
  const open = async (): Promise<void> => {
    await options.lease.acquire(attempt);
    around = surroundings(options, attempt);
    pump();
  };
  start(open());

  return {
    intake: (records, end) => {
      if (draining) return;
      endOffset = end;
      lanes.add(records.map((record) => inFlight(record, ledger.register(record.offset))));
      pump();
      balance();
    },
    drain: async () => {
      draining = true;
      leaving.abort();
      while (running.size > 0) await Promise.all(running);
    },
    abandon: () => {
      abandoned = true;
      draining = true;
      leaving.abort();
    },
    committable: ledger.committable,
    status: () => ({
      queuedRecords: lanes.queuedRecords(),
      inFlightRecords: ledger.unfinished() - lanes.queuedRecords(),
      lagRecords: Math.max(0, Number(endOffset - (ledger.committable() ?? endOffset))),
      paused,
    }),
  };
};

/** A record without a key has no order to keep: it is a lane of its own. Latin-1 keeps different bytes apart, and is fast. */
const inFlight = (record: LogRecord, entry: Entry): InFlight => ({
  record,
  entry,
  lane: record.key === null ? `\0${record.offset}` : record.key.toString("latin1"),
  sizeBytes: (record.key?.length ?? 0) + (record.value?.length ?? 0),
});

const surroundings = ({ telemetry, limits, attempts, deps, lease }: PartitionOptions, attempt: Attempt): Around => {
  return {
    attempt: lease.guard(attempt),
    deps: deps(lease.fence),
    now: attempts.clock.now,
    limit: pLimit(limits.laneConcurrency),
    observe: (turn, paths) => {
      if (turn.kind === "outcome") telemetry.outcome(turn.step, turn.outcome, paths.length);
      else if (turn.kind === "undone") telemetry.undone(turn.step, paths.length);
      else if (turn.kind === "written") telemetry.written(turn.sink, paths.length);
    },
  };
};

/** Reads and interprets a round, and collects what it writes. */
const decide = async (options: PartitionOptions, around: Around, round: Round): Promise<RoundWriter> => {
  const { source, partition, decoder, interpreter, producer, encoders } = options;
  const entrants = await readRound(round, { source, partition, decoder, attempt: around.attempt });
  const readable = entrants.flatMap((entrant) => (entrant.ok ? [entrant.value] : []));
  const paths = await interpreter.round(source.name, readable, around);
  const writer = createRoundWriter(producer, encoders);
  let next = 0;
  round.forEach((queued, at) => {
    const entrant = entrants[at];
    const failure = entrant?.ok ? collect(writer, paths[next++]) : unreadable(entrant?.error);
    if (failure !== undefined) deadLetter(options, { writer, queued, failure });
  });
  return writer;
};

const unreadable = (error: unknown): Failure => ({ stage: "decode", node: "decode", error, held: [] });

/** Collects what a path writes; answers why it is to be dead-lettered, if it is. */
const collect = (writer: RoundWriter, path: Path | undefined): Failure | undefined => {
  if (path === undefined) throw new RangeError("fewer paths than records in a round");
  try {
    for (const emission of path.emissions) writer.emit(emission);
  } catch (error) {
    return { stage: "sink", node: "encode", error, held: [] };
  }
  const { ending } = path;
  if (ending.kind === "ended") return undefined;
  const stage = ending.call.startsWith("write ") ? "sink" : "process";
  return { stage, node: ending.call, error: ending.error, held: ending.held };
};

const deadLetter = (
  { topology, source, partition, provenance, telemetry, attempts }: PartitionOptions,
  { writer, queued, failure }: { readonly writer: RoundWriter; readonly queued: InFlight; readonly failure: Failure },
): void => {
  const from = { topic: source.name, partition };
  writer.add(
    deadLetterTopic(topology),
    toDeadLetter({ from, record: queued.record, failure }, provenance, attempts.clock.now()),
  );
  telemetry.deadLettered(codeOf(failure.error), 1);
};
