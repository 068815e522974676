/** From a round's bytes to its values: a record that cannot be read gets an error, a schema that is not known yet is waited for. */
import { AccessRefused, Blocked, Poison, Unavailable } from "../../errors.ts";
import type { Decoded, Decoder } from "../../avro/codec.ts";
import type { Entrant } from "../../interpreter/interpret.ts";
import { enter } from "../../interpreter/record-state.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import { wrongIn } from "../../flow/source-check.ts";
import type { LogRecord, TopicPartition } from "../../log/log.ts";
import { missingSchema } from "../../registry/foreign-schema.ts";
import type { Replay } from "../partition/in-flight.ts";
import type { AttemptOnce } from "../failures/attempts.ts";

/** A record in its lane. */
export interface InLane {
  readonly record: LogRecord;
  readonly lane: string;
  /** Of a record that came by the retry topic, and its place there. */
  readonly replay?: Replay | undefined;
  readonly feed?: { readonly at: TopicPartition };
}

/** In place of an entrant: a record that has no value, and why. */
export class Unread {
  readonly error: Poison;
  constructor(error: Poison) {
    this.error = error;
  }
}

/** What reading needs. */
export interface Reading {
  readonly source: AnyTopic;
  readonly partition: number;
  readonly decoder: Decoder<unknown>;
  readonly attempt: AttemptOnce;
}

/** Reads a round; answers in order. Holds while the registry is away, or a schema id is unknown for less than its grace. */
export const readRound = async (round: readonly InLane[], reading: Reading): Promise<readonly (Entrant | Unread)[]> => {
  const { decoder } = reading;
  let decoded = decodeAll(round, decoder);
  const unknown = new Set<number>();
  for (const d of decoded) if (d.kind === "unknownSchema") unknown.add(d.id);
  if (unknown.size > 0) {
    await reading.attempt("decode", () => learnAll(decoder, [...unknown]));
    decoded = decodeAll(round, decoder);
  }
  return toEntrants(decoded, round, reading);
};

// Loops, not closures: what V8 has compiled of one that is made for each round goes with each collection of the whole heap.
const decodeAll = (round: readonly InLane[], decoder: Decoder<unknown>): readonly Decoded<unknown>[] => {
  const decoded: Decoded<unknown>[] = [];
  for (const { record } of round) decoded.push(decoder.decode(record.value));
  return decoded;
};

const toEntrants = (
  decoded: readonly Decoded<unknown>[],
  round: readonly InLane[],
  reading: Reading,
): readonly (Entrant | Unread)[] => {
  const entrants: (Entrant | Unread)[] = [];
  let at = 0;
  for (const one of decoded) entrants.push(toEntrant(one, round[at++], reading));
  return entrants;
};

/** Asks for schemas, all at once. @throws Unavailable @throws AccessRefused @throws Blocked where one is not decided yet. */
export const learnAll = async (
  decoder: Pick<Decoder<unknown>, "learn" | "registeredFor">,
  ids: readonly number[],
): Promise<void> => {
  const learned = await Promise.all(ids.map((id) => decoder.learn(id)));
  if (learned.includes("refused")) {
    throw new AccessRefused(
      "registry",
      "REGISTRY_REFUSED",
      "the schema registry refuses us (401 or 403); check SLUICE_REGISTRY_AUTH or SLUICE_REGISTRY_TOKEN_FILE, and what its user may do there",
    );
  }
  const away = ids.find((_, at) => learned[at] === "unavailable");
  if (away !== undefined) throw new Unavailable("registry", `no answer yet for schema id ${away}`);
  const postponed = ids.filter((_, at) => learned[at] === "postponed");
  if (postponed.length > 0) {
    const why = `${postponed.length} unknown schema ids wait until they may be asked for, ${postponed[0]} among them`;
    throw new Blocked("UNKNOWN_SCHEMA", `${why}; a registry is asked 200 times a second at most`);
  }
  const awaited = ids.find((_, at) => learned[at] === "awaited");
  if (awaited !== undefined) {
    const { code, why } = missingSchema(awaited, decoder.registeredFor(awaited));
    throw new Blocked(code, `${why}, and a record names it; it may come later`);
  }
};

const toEntrant = (
  decoded: Decoded<unknown>,
  queued: InLane | undefined,
  { source, partition, decoder }: Reading,
): Entrant | Unread => {
  if (queued === undefined) throw new RangeError("more values than records in a round");
  const { record, lane, replay, feed } = queued;
  if (record.unreadable !== undefined) {
    const code = record.letGo === undefined ? "UNREADABLE_BATCH" : "RECORD_TOO_LARGE";
    return new Unread(new Poison(code, `offset ${record.offset} cannot be read: ${record.unreadable}`));
  }
  if (replay?.refusal !== undefined) return new Unread(replay.refusal);
  switch (decoded.kind) {
    case "malformed":
      return new Unread(new Poison("MALFORMED", `offset ${record.offset} is no ${source.schema.name}: ${decoded.why}`));
    case "unknownSchema": {
      const { code, why } = missingSchema(decoded.id, decoder.registeredFor(decoded.id));
      return new Unread(new Poison(code, `offset ${record.offset} of ${source.name} cannot be read: ${why}`));
    }
    case "value": {
      const { value } = decoded;
      shareKey(value, source, record);
      const { offset, timestampMs, key, headers } = record;
      const wrong = wrongIn(source, value, key);
      if (wrong !== undefined) return new Unread(new Poison("WRONG_RECORD", `offset ${offset} is wrong: ${wrong}`));
      const idempotencyKey = source.id(value);
      const { topic } = feed?.at ?? { topic: source.name };
      const acceptedAtMs = replay?.acceptedAtMs ?? timestampMs;
      const context = { topic, partition, offset, timestampMs, acceptedAtMs, idempotencyKey, key, headers };
      return enter(value, context, lane);
    }
  }
};

/**
 * Gives the field that a record's key is the very text of its key, which all records of a batch with that key share. It is kept once
 * for all of them, and maps find it by its identity.
 */
const shareKey = (value: unknown, { keyedBy }: AnyTopic, { keyText }: LogRecord): void => {
  if (keyedBy === undefined || typeof keyText !== "string") return;
  const fields = value as Record<string, unknown>; // A value of a topic's schema is a record, made by its decoder just now.
  if (fields[keyedBy] === keyText) fields[keyedBy] = keyText;
};
