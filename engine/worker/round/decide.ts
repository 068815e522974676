/** Takes one round from its bytes to what it writes: read, interpreted, encoded, and what failed made into dead letters. */
import pLimit from "p-limit";
import { codeOf, Retriable } from "../../errors.ts";
import type { StepEnvironment, Path } from "../../interpreter/interpret.ts";
import { deadLetterTopic, type Failure, shortenDeadLetter, toDeadLetter } from "./dead-letter.ts";
import type { DecidedRound } from "../failures/dead-letter-flood.ts";
import type { InFlight, Round } from "../partition/in-flight.ts";
import type { NewRecord } from "../../log/log.ts";
import type { PartitionOptions } from "../partition/partition.ts";
import { readRound } from "./read-round.ts";
import { createRoundWriter, type RoundWriter, type RoundWriterOptions } from "./write-round.ts";

/** A round that is decided and not written yet. */
export interface Decision extends DecidedRound {
  readonly writer: RoundWriter<InFlight>;
  /** Counts the dead letters; to be called where they are written. */
  readonly count: () => void;
}

/** What surrounds the interpreter in a partition. */
export const surroundings = (
  { telemetry, limits, attempts, deps, lease }: PartitionOptions,
  attempt: StepEnvironment["attempt"],
): StepEnvironment => ({
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
export const decide = async (options: PartitionOptions, around: StepEnvironment, round: Round): Promise<Decision> => {
  const { source, partition, decoder, interpreter, producer, encoders, telemetry } = options;
  const entrants = await readRound(round, { source, partition, decoder, attempt: around.attempt });
  const readable = entrants.flatMap((entrant) => (entrant.ok ? [entrant.value] : []));
  const paths = await interpreter.round(source.name, readable, around);
  const writer = createRoundWriter({ producer, encoders, instead: insteadOf(options) });
  const failures: Failure[] = [];
  let next = 0;
  round.forEach((queued, at) => {
    const entrant = entrants[at];
    const failure = entrant?.ok ? collect(writer, queued, paths[next++]) : unreadable(entrant?.error);
    if (failure === undefined) return;
    failures.push(failure);
    writer.add(deadLetterTopic(options.topology), letterOf(options, queued, failure), queued);
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
const collect = (writer: RoundWriter<InFlight>, queued: InFlight, path: Path | undefined): Failure | undefined => {
  if (path === undefined) throw new RangeError("fewer paths than records in a round");
  try {
    for (const emission of path.emissions) writer.emit(emission, queued);
  } catch (error) {
    return { stage: "sink", node: "encode", error, held: [] };
  }
  const { ending } = path;
  if (ending.kind === "ended") return undefined;
  const stage = ending.call.startsWith("write ") ? "sink" : "process";
  return { stage, node: ending.call, error: ending.error, held: ending.held };
};

const letterOf = (
  { source, partition, provenance, attempts }: PartitionOptions,
  { record }: InFlight,
  failure: Failure,
): NewRecord => {
  const from = { topic: source.name, partition };
  return toDeadLetter({ from, record, failure }, provenance, attempts.clock.now());
};

/**
 * What the log will never take, being too large, is not held for: no time mends it, and a lane would stand for ever. An
 * emission becomes the dead letter of its record, in doubt, because what it was to tell has happened. A dead letter is
 * written with less in it, in the end with nothing but where its record stands and why.
 */
const insteadOf =
  (options: PartitionOptions): RoundWriterOptions<InFlight>["instead"] =>
  ({ topic, record, cause, error }) => {
    const node = `write ${topic}`;
    options.attempts.observe?.({ kind: "failed", call: node, error, records: 1 });
    const letters = deadLetterTopic(options.topology);
    if (topic === letters) {
      const shorter = shortenDeadLetter(record);
      return shorter && { topic: letters, record: shorter };
    }
    const inDoubt = new Retriable(error.code, error.message, { cause: error });
    options.telemetry.deadLettered(error.code, 1);
    return { topic: letters, record: letterOf(options, cause, { stage: "sink", node, error: inDoubt, held: [] }) };
  };
