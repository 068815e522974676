/** Decides a round that was read: interprets it, encodes what it writes, and makes dead letters of what failed. */
import { codeOf, Retriable } from "../../errors.ts";
import { schemaIdIn } from "../../avro/frame.ts";
import type { RecordContext } from "../../flow/processor.ts";
import { isBehind } from "../../interpreter/behind.ts";
import type { Entrant, Interpreter, Path, StepEnvironment } from "../../interpreter/interpret.ts";
import {
  deadLetterTopic,
  type Failure,
  isInDoubt,
  type Provenance,
  shortenDeadLetter,
  toDeadLetter,
} from "./dead-letter.ts";
import type { AttemptEvent } from "../failures/attempts.ts";
import { addTries, type Tries } from "../failures/tries.ts";
import type { DecidedRound } from "../failures/dead-letter-flood.ts";
import type { InFlight, Round } from "../partition/in-flight.ts";
import type { NewRecord, TopicPartition } from "../../log/log.ts";
import type { Producer } from "../../log/producer.ts";
import { contextOfRecord, traceFieldOf } from "../../tracing/trace-context.ts";
import type { Telemetry } from "../telemetry.ts";
import { Unread } from "./read-round.ts";
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
  /** Whether records were given up on in doubt: their lanes go on when what the round writes is durable. */
  readonly inDoubt: boolean;
  /** Records behind those, to be decided after that. Nothing is written of them. */
  readonly behind: Round;
}

/** Interprets a round and collects what it writes. `read`: the value of each of its records, or why there is none. */
export const decideRound = async (
  round: Round,
  read: readonly (Entrant | Unread)[],
  deciding: Deciding,
): Promise<Decision> => {
  const { from, interpreter, environment, producer } = deciding;
  const readable: Entrant[] = [];
  for (const entrant of read) if (!(entrant instanceof Unread)) readable.push(entrant);
  const paths = await interpreter.round(from.topic, readable, environment);
  const writer = createRoundWriter({ producer, instead: insteadOf(deciding) });
  const { failures, behind, told } = collectAll(round, { read, paths, writer, deciding });
  const count = (): void => {
    for (const { queued, failure } of failures) report(deciding, queued, failure);
  };
  const telling = failures.filter(({ queued, failure }) => isTelling(queued, failure.stage !== "decode"));
  const [unknown, counted] = [telling.filter(isOfUnknownSchema), telling.filter((one) => !isOfUnknownSchema(one))];
  const last = telling.at(-1)?.failure.error;
  const why = last instanceof Error ? last.message : String(last);
  const inDoubt = failures.some(({ failure }) => isInDoubt(failure));
  const records = told - unknown.length;
  const unknownIds = unknown.flatMap(({ queued }) => schemaIdIn(queued.record.value) ?? []);
  return { writer, count, inDoubt, behind, records, deadLetters: counted.length, unknownIds, why };
};

/** A record that was given up on, and why. */
interface Failed {
  readonly queued: InFlight;
  readonly failure: Failure;
}

/**
 * Collects what the records of a round write, dead letters among it; answers which have one, which are behind those, and how many
 * of those that are decided say anything about a flood.
 */
const collectAll = (
  round: Round,
  {
    read,
    paths,
    writer,
    deciding,
  }: {
    readonly read: readonly (Entrant | Unread)[];
    readonly paths: readonly Path[];
    readonly writer: RoundWriter<InFlight>;
    readonly deciding: Deciding;
  },
): { readonly failures: readonly Failed[]; readonly behind: Round; readonly told: number } => {
  const failures: Failed[] = [];
  const behind: InFlight[] = [];
  let told = 0;
  const fail = (queued: InFlight, why: Failure, context?: RecordContext): void => {
    const failure = withTries(why, queued, deciding, context);
    failures.push({ queued, failure });
    writer.add(deadLetterTopic(deciding.topology), letterOf(deciding, queued, failure), queued);
  };
  let next = 0;
  let at = 0;
  for (const queued of round) {
    const entrant = read[at++];
    const path = entrant instanceof Unread ? undefined : pathAt(paths, next++);
    if (path === undefined) fail(queued, unreadable(entrant instanceof Unread ? entrant.error : undefined));
    else if (isBehind(path)) {
      keepTries(path, queued, deciding);
      behind.push(queued);
      continue;
    } else {
      const why = collect(writer, queued, path);
      if (why !== undefined) fail(queued, why, path.context);
    }
    if (isTelling(queued, path !== undefined)) told++;
  }
  return { failures, behind, told };
};

const pathAt = (paths: readonly Path[], at: number): Path => {
  const path = paths[at];
  if (path === undefined) throw new RangeError("fewer paths than records in a round");
  return path;
};

/** What was tried of a record that is behind counts should it fail later. */
const keepTries = ({ context, ending }: Path, queued: InFlight, { tries }: Deciding): void => {
  const tried = ending.kind === "failed" ? tries.of(context, ending.call) : undefined;
  if (tried !== undefined) queued.tried = addTries(queued.tried, tried);
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
 * that no decoder reads, or bytes that name no schema, are wrong by themselves, whatever is deployed: some hundred of them, by
 * anybody who may write to the topic, would hold its partition for ever. None counts as records or as letters. What was read names
 * a schema.
 */
const isTelling = ({ replay, record }: InFlight, wasRead: boolean): boolean => {
  if (replay !== undefined) return false;
  if (wasRead) return true;
  return record.unreadable === undefined ? schemaIdIn(record.value) !== undefined : record.letGo !== undefined;
};

/** Its schema is no such that the topic's records can have, or none at all: how much that says, flood.ts decides. */
const isOfUnknownSchema = ({ failure }: Failed): boolean =>
  failure.node === "decode" && ["UNKNOWN_SCHEMA", "FOREIGN_SCHEMA"].includes(codeOf(failure.error));

const unreadable = (error: unknown): Failure => ({ stage: "decode", node: "decode", error, held: [] });

/** Collects what a path writes; returns why its record is dead-lettered, or undefined. */
const collect = (writer: RoundWriter<InFlight>, queued: InFlight, path: Path): Failure | undefined => {
  const { emissions } = path;
  if ("sink" in emissions) writer.emit(emissions, queued);
  else for (const emission of emissions) writer.emit(emission, queued);
  const { ending } = path;
  if (ending.kind === "ended") return undefined;
  const stage = ending.call.startsWith("write ") ? "sink" : "process";
  return { stage, node: ending.call, error: ending.error, held: ending.held };
};

const report = ({ telemetry }: Deciding, { record, feed }: InFlight, { node, error }: Failure): void =>
  telemetry.deadLettered({
    ...feed.at,
    offset: record.offset,
    node,
    code: codeOf(error),
    ...traceFieldOf(contextOfRecord(record.headers)),
  });

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
