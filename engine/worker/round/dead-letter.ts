/**
 * What a dead letter is: the record's own key, value and headers, untouched, and beside them where it came from and
 * why it is here. Written before its offset counts as finished.
 */
import { createHash } from "node:crypto";
import { schemaIdIn } from "../../avro/frame.ts";
import { codeOf, dispositionOf } from "../../errors.ts";
import type { LogRecord, NewRecord, TopicPartition } from "../../log/log.ts";
import type { Tried } from "../failures/tries.ts";
import {
  deadLetterPrefix,
  earlierOf,
  headerMaxBytes,
  ownText,
  streamsHeaders,
  toHeaders,
  withoutOurs,
} from "./letter-headers.ts";

/** The dead-letter topic of a topology. */
export const deadLetterTopic = (topology: string): string => `${topology}.dlq`;

/** Where in the pipeline a record failed. */
export type DeadLetterStage = "decode" | "process" | "sink";

/** Why a record is dead-lettered. */
export interface Failure {
  readonly stage: DeadLetterStage;
  /** The step, `undo <name>` or `write <sink>` that failed; `decode` for bytes that are no value. */
  readonly node: string;
  readonly error: unknown;
  /** Steps whose effects were still held: what is in doubt. Empty where nothing is. */
  readonly held: readonly string[];
  /** The tries that failed, of this delivery; undefined where nothing was called: it was tried once, now. */
  readonly tried?: Tried | undefined;
}

/** Whether effects of the record may remain, or come to be when it is delivered again. */
export const isInDoubt = ({ error, held }: Failure): boolean => dispositionOf(error) !== "poison" || held.length > 0;

/** What is dead-lettered. */
export interface DeadLettered {
  /** The record's place. */
  readonly from: TopicPartition;
  readonly record: LogRecord;
  readonly failure: Failure;
  /** Whether it came by a retry topic: there our headers are believed. On a source anybody may have written them. */
  readonly replayed?: boolean;
}

/** What every dead letter of a worker says alike. */
export interface Provenance {
  readonly groupId: string;
  /** The hash of the topology's graph. */
  readonly graphHash: string;
}

/** A stack is for people: this much of it, in bytes, is enough. operations.md 7.3. */
const stackMaxBytes = 4_096;

/**
 * The dead letter of a record, ready to be written. `now` is epoch ms. `attempt` counts the passes through the topology that
 * ended in a letter; `tries` the tries within this one, of which `last-at` is the last; `first-at` is when the record
 * failed for the first time of all. What failed before a worker was killed left no trace and is not counted.
 */
export const toDeadLetter = (
  { from, record, failure, replayed = false }: DeadLettered,
  { groupId, graphHash }: Provenance,
  now: number,
): NewRecord => {
  const { error, stage, node, held, tried = { tries: 1, firstAtMs: now, lastAtMs: now } } = failure;
  const earlier = replayed ? earlierOf(record.headers) : undefined;
  // What an earlier pass said of its origin is not overwritten by a later one.
  const origin = earlier?.origin ?? { ...from, offset: record.offset, timestampMs: record.timestampMs };
  const place = { topic: origin.topic, partition: String(origin.partition), offset: String(origin.offset) };
  const own = {
    ...place,
    timestamp: String(origin.timestampMs),
    group: groupId,
    node,
    stage,
    class: classOf(error),
    code: codeOf(error),
    message: messageOf(error),
    stack: cut(error instanceof Error ? (error.stack ?? "") : "", stackMaxBytes),
    // A wrong record whose undo fails, or that is past a pivot, leaves something behind.
    kind: isInDoubt(failure) ? "in-doubt" : "poison",
    held: held.join(","),
    attempt: String((earlier?.attempt ?? 0) + 1),
    tries: String(tried.tries),
    "first-at": String(earlier?.firstAtMs ?? tried.firstAtMs),
    "last-at": String(tried.lastAtMs),
    ...(earlier?.job === undefined ? {} : { job: earlier.job }),
    ir: graphHash,
    "schema-id": String(schemaIdIn(record.value) ?? ""),
    fingerprint: fingerprintOf(node, error),
    ...(record.letGo === undefined ? {} : droppedBytes(record.letGo)),
  };
  const headers = withoutOurs(record.headers);
  const asStreams = streamsHeaders(headers, { ...place, exception: own.class, message: own.message });
  return { key: record.key, value: record.value, headers: { ...headers, ...asStreams, ...toHeaders(own) } };
};

/**
 * The same dead letter with less in it, for a log that takes nothing of its size: first without the stack, then without the
 * record's own key, value and headers, which stay where it came from for as long as that topic keeps them; `dropped` names
 * what is missing. Undefined where nothing is left to drop.
 */
export const shortenDeadLetter = ({ key, value, headers = {} }: NewRecord): NewRecord | undefined => {
  const dropped = ownText(headers, "dropped");
  if (dropped === undefined) {
    const { [`${deadLetterPrefix}stack`]: _, ...others } = headers;
    return { key, value, headers: { ...others, ...toHeaders({ dropped: "stack" }) } };
  }
  if (dropped !== "stack") return undefined;
  const ours = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(deadLetterPrefix) && Buffer.isBuffer(value) ? [[name, value.subarray(0, headerMaxBytes)]] : [],
  );
  const sizes = droppedBytes({ keyBytes: key?.length ?? 0, valueBytes: value?.length ?? 0 });
  const own = toHeaders({ ...sizes, dropped: "stack,key,value,headers" });
  return { key: null, value: null, headers: { ...Object.fromEntries(ours), ...own } };
};

/** What a letter says of bytes that it does not have. */
const droppedBytes = ({ keyBytes, valueBytes }: NonNullable<LogRecord["letGo"]>) => ({
  dropped: "key,value,headers",
  "key-bytes": String(keyBytes),
  "value-bytes": String(valueBytes),
});

const classOf = (error: unknown): string => (error instanceof Error ? error.constructor.name : typeof error);

const messageOf = (error: unknown): string => cut(error instanceof Error ? error.message : String(error), 1_024);

const cut = (text: string, maxBytes: number): string => {
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes ? text : `${bytes.subarray(0, maxBytes - 3).toString()}...`;
};

/**
 * Equal for records that failed alike: the same node, class, code and function. Not the place in a file: it is another
 * on every machine, and after every edit above it.
 */
const fingerprintOf = (node: string, error: unknown): string => {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const place = /^\s+at (?:async )?([\w$.<>]+) /m.exec(stack)?.[1] ?? "";
  return createHash("sha256")
    .update([node, classOf(error), codeOf(error), place].join("\n"))
    .digest("hex")
    .slice(0, 16);
};
