/** The headers that a dead letter has beside those of its record: their names, and how they are written, read and taken off. Pure. */
import type { Headers, TopicPartition } from "../../log/log.ts";

/** Every header of ours begins with this. */
export const deadLetterPrefix = "_flow.err.";

/**
 * Kafka Streams' names for what failed (KIP-1034), which consoles know. Ours say the same and more; these are for readers that
 * know no others, so the stack, the longest of them, is not written twice.
 */
const streamsPrefix = "__streams.errors.";

/** A record's origin. */
export interface Origin extends TopicPartition {
  readonly offset: bigint;
  /** The broker's timestamp there: when it was accepted, epoch ms. */
  readonly timestampMs: number;
}

/** What an earlier pass says of a record: in the headers of a letter, or of the retry record that was made of it. */
export interface Earlier {
  readonly origin: Origin;
  /** The passes that ended in a letter. 1 and up. */
  readonly attempt: number;
  /** When it first failed, epoch ms; undefined where nothing says so. */
  readonly firstAtMs: number | undefined;
  /** The replay it was sent by; undefined before the first. */
  readonly job: string | undefined;
}

/** Reads what an earlier pass says; undefined where its origin or its attempt is missing or no number. */
export const earlierOf = (headers: Headers): Earlier | undefined => {
  const topic = ownText(headers, "topic");
  const [partition, offset, timestampMs, attempt] = numbersOf(headers, ["partition", "offset", "timestamp", "attempt"]);
  if (topic === undefined || topic === "" || partition === undefined || offset === undefined) return undefined;
  if (timestampMs === undefined || attempt === undefined || attempt < 1n) return undefined;
  const [firstAtMs] = numbersOf(headers, ["first-at"]);
  return {
    origin: { topic, partition: Number(partition), offset, timestampMs: Number(timestampMs) },
    attempt: Number(attempt),
    firstAtMs: firstAtMs === undefined ? undefined : Number(firstAtMs),
    job: ownText(headers, "job"),
  };
};

/** A header of ours as text; undefined where it is missing, null or there more than once. */
export const ownText = (headers: Headers, name: string): string | undefined => {
  const value = headers[deadLetterPrefix + name];
  return Buffer.isBuffer(value) ? value.toString() : undefined;
};

/** Headers of ours, by their short names. */
export const toHeaders = (fields: Readonly<Record<string, string>>): Headers => named(deadLetterPrefix, fields);

/** More than any header of ours has but the stack: what says more was in the record when it came, and is not ours. */
export const headerMaxBytes = 1_024;

/** Those of a record's headers that have our names, and are no longer than ours are. */
export const onlyOurs = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) =>
        name.startsWith(deadLetterPrefix) && Buffer.isBuffer(value) && name.length + value.length <= headerMaxBytes,
    ),
  );

/** A record's own headers: without ours, and without those of Kafka Streams that a letter of ours has. */
export const withoutOurs = (headers: Headers): Headers => {
  const ours = areOurs(headers) ? [deadLetterPrefix, streamsPrefix] : [deadLetterPrefix];
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !ours.some((prefix) => name.startsWith(prefix))),
  );
};

/**
 * The same facts by Kafka Streams' names; none where the record has such headers itself: it came from a dead-letter topic of
 * Streams, and they are kept as they are.
 */
export const streamsHeaders = (
  own: Headers,
  fields: Readonly<Record<"topic" | "partition" | "offset" | "exception" | "message", string>>,
): Headers => (Object.keys(own).some((name) => name.startsWith(streamsPrefix)) ? {} : named(streamsPrefix, fields));

/** Those of another letter name another place: a record of a dead-letter topic of Streams does not say that it came from here. */
const areOurs = (headers: Headers): boolean =>
  ["topic", "partition", "offset"].every((name) => {
    const value = headers[streamsPrefix + name];
    return Buffer.isBuffer(value) && value.toString() === ownText(headers, name);
  });

const named = (prefix: string, fields: Readonly<Record<string, string>>): Headers =>
  Object.fromEntries(Object.entries(fields).map(([name, text]) => [prefix + name, Buffer.from(text)]));

/** Up to what a number can be exactly, and no sign: anybody may write headers. */
const numbersOf = (headers: Headers, names: readonly string[]): readonly (bigint | undefined)[] =>
  names.map((name) => {
    const text = ownText(headers, name);
    return text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))
      ? BigInt(text)
      : undefined;
  });
