/** What the headers of a dead letter say: its record's origin, why it failed, and which attempt it was. Pure and total. */
import { createHash } from "node:crypto";
import type { Headers, LogRecord, TopicPartition } from "../../log/log.ts";
import { deadLetterPrefix, type Origin } from "../../worker/round/letter-headers.ts";
import { foreignFields } from "./foreign.ts";
import { headerNumber, headerOffset, headerText, headerTime } from "./header.ts";

/** A record's place. */
export interface Place extends TopicPartition {
  readonly offset: bigint;
}

/** Who wrote a letter; `none` where its headers are of no writer we know. */
export type Dialect = "sluice" | "spring" | "streams" | "connect" | "none";

/** A dead letter without its bytes. Texts are empty where the letter does not say. */
export interface Letter {
  /** The letter's own place. */
  readonly place: Place;
  /** When the broker took it, epoch ms. */
  readonly writtenAt: number;
  readonly dialect: Dialect;
  /**
   * The letter's id; its own place where its headers name none. The timestamp tells a topic from one that was made anew
   * under its name; it is 0 where a letter does not say.
   */
  readonly origin: Origin;
  /** Headers without which it cannot be replayed, that are missing or no numbers. */
  readonly flaws: readonly string[];
  /** From 1. */
  readonly attempt: number;
  readonly group: string;
  readonly node: string;
  readonly stage: string;
  readonly errorClass: string;
  readonly code: string;
  /** `poison` or `in-doubt`. */
  readonly kind: string;
  /** Steps whose effects may remain, by name. */
  readonly held: string;
  /** Epoch ms; the broker's time where the letter does not say. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** The hash of the graph that failed. */
  readonly graph: string;
  readonly schemaId: string;
  /** Letters of one cause have one. */
  readonly fingerprint: string;
  /** The replay that this attempt was part of; empty for a first attempt. */
  readonly job: string;
  /** What was left out because the letter was too large: `stack`, `key`, `value`, `headers`. */
  readonly dropped: readonly string[];
  /** See {@link keyText}; null where the key is null. */
  readonly key: string | null;
  /** Of key and value. */
  readonly sizeBytes: number;
}

/** Answers an equal text that was seen before, so that a hundred thousand letters share theirs. */
export type Intern = (text: string) => string;

/** Texts of one reading; 10,000 different ones are remembered, because headers are anybody's. */
export const createIntern = (): Intern => {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size < 10_000) known.set(text, text);
    return text;
  };
};

/** The letter of a record in a topic of dead letters. Never throws: a record that is no letter of ours has flaws. */
export const letterOf = (at: TopicPartition, record: LogRecord, intern: Intern = (text) => text): Letter => {
  const place = { ...at, offset: record.offset };
  const fields = withoutImpossible(fieldsOf(record.headers));
  const flaws = flawsOf(fields);
  const text = (name: string): string => intern(fields.text(name) ?? "");
  const { timestampMs } = record;
  const { partition, offset } = fields;
  const isAnonymous = text("topic") === "" || partition === undefined || offset === undefined;
  return {
    place: { ...place, topic: intern(place.topic) },
    writtenAt: timestampMs,
    dialect: fields.dialect,
    origin: isAnonymous
      ? { ...place, timestampMs }
      : { topic: text("topic"), partition, offset, timestampMs: fields.timestampMs ?? 0 },
    flaws,
    attempt: fields.attempt ?? 1,
    group: text("group"),
    node: text("node"),
    stage: text("stage"),
    errorClass: text("class"),
    code: text("code"),
    kind: text("kind"),
    held: text("held"),
    firstAt: fields.firstAt ?? timestampMs,
    lastAt: fields.lastAt ?? timestampMs,
    graph: text("ir"),
    schemaId: text("schema-id"),
    fingerprint: intern(fields.text("fingerprint") ?? unknownFingerprint(fields)),
    job: text("job"),
    dropped: text("dropped") === "" ? none : text("dropped").split(","),
    key: keyText(record.key),
    sizeBytes: (record.key?.length ?? 0) + (record.value?.length ?? 0),
  };
};

const none: readonly string[] = [];

/** Whether the letter still has its record's own bytes. */
export const hasOwnBytes = ({ dropped }: Pick<Letter, "dropped">): boolean => !dropped.includes("value");

/** What headers say, by the names of ours. */
export interface LetterFields {
  readonly dialect: Dialect;
  /** A header's text, by the name of ours that means the same. */
  readonly text: (name: string) => string | undefined;
  readonly partition: number | undefined;
  readonly offset: bigint | undefined;
  readonly timestampMs: number | undefined;
  readonly attempt: number | undefined;
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
}

const ourTexts = [
  "topic",
  "group",
  "node",
  "stage",
  "class",
  "code",
  "kind",
  "held",
  "ir",
  "schema-id",
  "fingerprint",
  "job",
  "dropped",
] as const;

const fieldsOf = (headers: Headers): LetterFields => {
  const of = (name: string): string => deadLetterPrefix + name;
  if (!ourTexts.some((name) => Object.hasOwn(headers, of(name)))) return foreignFields(headers) ?? noFields;
  return {
    dialect: "sluice",
    text: (name) => headerText(headers, of(name)),
    partition: headerNumber(headers, of("partition")),
    offset: headerOffset(headers, of("offset")),
    timestampMs: headerNumber(headers, of("timestamp")),
    attempt: headerNumber(headers, of("attempt")),
    firstAt: headerTime(headers, of("first-at")),
    lastAt: headerTime(headers, of("last-at")),
  };
};

const noFields: LetterFields = {
  dialect: "none",
  text: () => undefined,
  partition: undefined,
  offset: undefined,
  timestampMs: undefined,
  attempt: undefined,
  firstAt: undefined,
  lastAt: undefined,
};

/** A topic's name by Kafka's own rule, and its last partition, an int32. */
const topicName = /^[\w.-]{1,249}$/;
const lastPartition = 2 ** 31 - 1;

/**
 * A place that no record can have is none: nobody could type it as an id, and the store of discarded letters does not take it.
 */
const withoutImpossible = (fields: LetterFields): LetterFields => {
  const { partition, text } = fields;
  const topic = text("topic") ?? "";
  return {
    ...fields,
    text: (name) => (name === "topic" ? (topicName.test(topic) ? topic : undefined) : text(name)),
    partition: partition !== undefined && partition <= lastPartition ? partition : undefined,
  };
};

/** Others do not say when a record was accepted, nor count attempts; their letters are shown and not replayed. */
const flawsOf = ({ dialect, text, partition, offset, timestampMs, attempt }: LetterFields): readonly string[] => {
  const isOurs = dialect === "sluice" || dialect === "none";
  const flaws: string[] = [];
  if ((text("topic") ?? "") === "") flaws.push("topic");
  if (partition === undefined) flaws.push("partition");
  if (offset === undefined) flaws.push("offset");
  if (isOurs && timestampMs === undefined) flaws.push("timestamp");
  if (isOurs && attempt === undefined) flaws.push("attempt");
  return flaws.length === 0 ? none : flaws;
};

const unknownFingerprint = ({ dialect, text }: LetterFields): string =>
  createHash("sha256")
    .update([dialect, text("node"), text("class"), text("code")].join("\n"))
    .digest("hex")
    .slice(0, 16);

/** A key is text; one that is longer than this, bytes, is named by its beginning and its hash. */
const keyMaxBytes = 200;

/** A key as it is shown and selected by. */
export const keyText = (key: Buffer | null): string | null => {
  if (key === null || key.length <= keyMaxBytes) return key?.toString() ?? null;
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return `${key.subarray(0, 64).toString()}...#${hash}`;
};

/** A letter's id as it is written and typed: `coupon-issue/3/1042`. */
export const idText = ({ topic, partition, offset }: Place): string => `${topic}/${partition}/${offset}`;

/** Equal for letters of one record, also where a topic was made anew. */
export const originKey = (origin: Origin): string => `${idText(origin)}@${origin.timestampMs}`;

/** Equal for letters and retry records of one attempt at one record. */
export const attemptKey = ({ origin, attempt }: { readonly origin: Origin; readonly attempt: number }): string =>
  `${originKey(origin)}#${attempt}`;

/** Reads what {@link idText} or {@link originKey} wrote; undefined where it is no id. */
export const parseId = (text: string): (Place & { readonly timestampMs?: number }) | undefined => {
  const found = /^([\w.-]{1,249})\/(\d{1,10})\/(\d{1,19})(?:@(\d{1,15}))?$/.exec(text);
  if (found === null) return undefined;
  const [, topic = "", partition, offset = "", timestampMs] = found;
  const place = { topic, partition: Number(partition), offset: BigInt(offset) };
  return timestampMs === undefined ? place : { ...place, timestampMs: Number(timestampMs) };
};
