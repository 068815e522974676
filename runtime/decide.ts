/** Takes one round from its bytes to what it writes: read, interpreted, encoded, and what failed made into dead letters. */
import pLimit from "p-limit";
import { codeOf } from "../processors/errors.ts";
import type { Around, Path } from "../topology/interpret.ts";
import { deadLetterTopic, type Failure, toDeadLetter } from "./dead-letter.ts";
import type { DecidedRound } from "./dead-letter-flood.ts";
import type { InFlight, Round } from "./in-flight.ts";
import type { PartitionOptions } from "./partition.ts";
import { readRound } from "./read-round.ts";
import { createRoundWriter, type RoundWriter } from "./write-round.ts";

/** A round that is decided and not written yet. */
export interface Decision extends DecidedRound {
  readonly writer: RoundWriter;
  /** Counts the dead letters; to be called where they are written. */
  readonly count: () => void;
}

/** What surrounds the interpreter in a partition. */
export const surroundings = (
  { telemetry, limits, attempts, deps, lease }: PartitionOptions,
  attempt: Around["attempt"],
): Around => ({
  attempt,
  deps: deps(lease.fence),
  now: attempts.clock.now,
  limit: pLimit(limits.laneConcurrency),
  observe: (turn, paths) => {
    if (turn.kind === "outcome") telemetry.outcome(turn.step, turn.outcome, paths.length);
    else if (turn.kind === "undone") telemetry.undone(turn.step, paths.length);
    else if (turn.kind === "written") telemetry.written(turn.sink, paths.length);
  },
});

/** Reads and interprets a round, and collects what it writes. */
export const decide = async (options: PartitionOptions, around: Around, round: Round): Promise<Decision> => {
  const { source, partition, decoder, interpreter, producer, encoders, telemetry } = options;
  const entrants = await readRound(round, { source, partition, decoder, attempt: around.attempt });
  const readable = entrants.flatMap((entrant) => (entrant.ok ? [entrant.value] : []));
  const paths = await interpreter.round(source.name, readable, around);
  const writer = createRoundWriter(producer, encoders);
  const failures: Failure[] = [];
  let next = 0;
  round.forEach((queued, at) => {
    const entrant = entrants[at];
    const failure = entrant?.ok ? collect(writer, paths[next++]) : unreadable(entrant?.error);
    if (failure === undefined) return;
    failures.push(failure);
    deadLetter(options, { writer, queued, failure });
  });
  const count = (): void => {
    for (const { error } of failures) telemetry.deadLettered(codeOf(error), 1);
  };
  const last = failures.at(-1)?.error;
  const why = last instanceof Error ? last.message : String(last);
  return { writer, count, records: round.length, deadLetters: failures.length, why };
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
  { topology, source, partition, provenance, attempts }: PartitionOptions,
  { writer, queued, failure }: { readonly writer: RoundWriter; readonly queued: InFlight; readonly failure: Failure },
): void => {
  const from = { topic: source.name, partition };
  const letter = toDeadLetter({ from, record: queued.record, failure }, provenance, attempts.clock.now());
  writer.add(deadLetterTopic(topology), letter);
};
