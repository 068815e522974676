/** Decides a round that was read: interprets it, encodes what it writes, and makes dead letters of what failed. */
import { codeOf, Retriable } from "../../errors.ts";
import type { RecordContext } from "../../flow/processor.ts";
import type { Entrant, Interpreter, Path, Result, StepEnvironment } from "../../interpreter/interpret.ts";
import { deadLetterTopic, type Failure, type Provenance, shortenDeadLetter, toDeadLetter } from "./dead-letter.ts";
import type { AttemptEvent } from "../failures/attempts.ts";
import { addTries, type Tries } from "../failures/tries.ts";
import type { DecidedRound } from "../failures/dead-letter-flood.ts";
import type { InFlight, Round } from "../partition/in-flight.ts";
import type { NewRecord, TopicPartition } from "../../log/log.ts";
import type { Producer } from "../../log/producer.ts";
import type { Telemetry } from "../telemetry.ts";
import { createRoundWriter, type RoundWriter, type RoundWriterOptions } from "./write-round.ts";

/** What deciding needs. */
export interface Deciding {
  /** The topology's name: its dead letters go to its dead-letter topic. */
  readonly topology: string;
  /** The source partition that decides them; a replayed record came by another feed. */
  readonly from: TopicPartition;
  readonly interpreter: Interpreter;
  readonly environment: StepEnvironment;
  readonly producer: Producer;
  readonly provenance: Provenance;
  readonly telemetry: Pick<Telemetry, "deadLettered">;
  readonly tries: Pick<Tries, "of">;
  /** Called for every record that the log refuses. */
  readonly observe?: ((event: AttemptEvent) => void) | undefined;
}

/** A round that is decided and not written yet. */
export interface Decision extends DecidedRound {
  readonly writer: RoundWriter<InFlight>;
  /** Counts the dead letters; to be called when they are written. */
  readonly count: () => void;
}

/** Interprets a round and collects what it writes. `read`: the value of each of its records, or why there is none. */
export const decideRound = async (
  round: Round,
  read: readonly Result<Entrant>[],
  deciding: Deciding,
): Promise<Decision> => {
  const { from, interpreter, environment, producer } = deciding;
  const readable = read.flatMap((entrant) => (entrant.ok ? [entrant.value] : []));
  const paths = await interpreter.round(from.topic, readable, environment);
  const writer = createRoundWriter({ producer, instead: insteadOf(deciding) });
  const failures: { readonly queued: InFlight; readonly failure: Failure }[] = [];
  let next = 0;
  round.forEach((queued, at) => {
    const entrant = read[at];
    const why = entrant?.ok ? collect(writer, queued, paths[next++]) : unreadable(entrant?.error);
    if (why === undefined) return;
    const failure = withTries(why, queued, deciding, entrant?.ok ? entrant.value.context : undefined);
    failures.push({ queued, failure });
    writer.add(deadLetterTopic(deciding.topology), letterOf(deciding, queued, failure), queued);
  });
  const count = (): void => {
    for (const { queued, failure } of failures) report(deciding, queued, failure);
  };
  const counted = failures.filter(({ queued }) => isTelling(queued));
  const last = counted.at(-1)?.failure.error;
  const why = last instanceof Error ? last.message : String(last);
  return { writer, count, records: round.filter(isTelling).length, deadLetters: counted.length, why };
};

/** The tries that led to a failure: those of its call, and those of earlier decisions of the same round. */
const withTries = (failure: Failure, queued: InFlight, deciding: Deciding, context?: RecordContext): Failure => {
  const now = deciding.environment.now();
  const called = context && deciding.tries.of(context, failure.node);
  queued.tried = addTries(queued.tried, called ?? { tries: 1, firstAtMs: now, lastAtMs: now });
  return { ...failure, tried: queued.tried };
};

/**
 * Whether a record says anything about a flood. A replay whose cause is not mended must not hold the live records; and a batch
 * that no decoder reads is wrong by itself, whatever is deployed: one that says it has thousands of records would hold its
 * partition for ever. Neither counts as records or as letters.
 */
const isTelling = ({ replay, record }: InFlight): boolean =>
  replay === undefined && (record.unreadable === undefined || record.letGo !== undefined);

const unreadable = (error: unknown): Failure => ({ stage: "decode", node: "decode", error, held: [] });

/** Collects what a path writes; returns why its record is dead-lettered, or undefined. */
const collect = (writer: RoundWriter<InFlight>, queued: InFlight, path: Path | undefined): Failure | undefined => {
  if (path === undefined) throw new RangeError("fewer paths than records in a round");
  for (const emission of path.emissions) writer.emit(emission, queued);
  const { ending } = path;
  if (ending.kind === "ended") return undefined;
  const stage = ending.call.startsWith("write ") ? "sink" : "process";
  return { stage, node: ending.call, error: ending.error, held: ending.held };
};

const report = ({ telemetry }: Deciding, { record, feed }: InFlight, { node, error }: Failure): void =>
  telemetry.deadLettered({ ...feed.at, offset: record.offset, node, code: codeOf(error) });

const letterOf = ({ provenance, environment }: Deciding, queued: InFlight, failure: Failure): NewRecord => {
  const { record, feed, replay } = queued;
  return toDeadLetter(
    { from: feed.at, record, failure, replayed: replay !== undefined },
    provenance,
    environment.now(),
  );
};

/**
 * A record that is too large for the log is not held: no retry changes that, and its lane would be blocked without end. An
 * emission becomes the dead letter of its record, in doubt, because what it reports has happened. A dead letter is written
 * with less in it, in the end with nothing but the place of its record and the reason.
 */
const insteadOf =
  (deciding: Deciding): RoundWriterOptions<InFlight>["instead"] =>
  ({ topic, record, cause, error }) => {
    const node = `write ${topic}`;
    deciding.observe?.({ kind: "failed", call: node, error, records: 1 });
    const letters = deadLetterTopic(deciding.topology);
    if (topic === letters) {
      const shorter = shortenDeadLetter(record);
      return shorter && { topic: letters, record: shorter };
    }
    const inDoubt = new Retriable(error.code, error.message, { cause: error });
    const failure: Failure = { stage: "sink", node, error: inDoubt, held: [] };
    report(deciding, cause, failure);
    return { topic: letters, record: letterOf(deciding, cause, failure) };
  };
