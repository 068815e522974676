/** Dead letters that others wrote: Spring Kafka, Kafka Streams (KIP-1034) and Kafka Connect. Read, never replayed. */
import type { Headers } from "../../log/log.ts";
import { headerText, headerValues, numberOf, offsetOf } from "./header.ts";
import type { Dialect, LetterFields } from "./letter.ts";

/** What the headers of another dialect say; undefined where they are of none. */
export const foreignFields = (headers: Headers): LetterFields | undefined => {
  const dialect = dialects.find(({ marks }) => marks.some((name) => Object.hasOwn(headers, name)));
  return dialect?.read(headers);
};

interface ForeignDialect {
  /** Each of its letters has one of these. */
  readonly marks: readonly string[];
  readonly read: (headers: Headers) => LetterFields;
}

const fields = (
  dialect: Dialect,
  at: Pick<LetterFields, "partition" | "offset" | "timestampMs">,
  texts: Readonly<Record<string, string | undefined>>,
): LetterFields => ({
  dialect,
  ...at,
  text: (name) => (Object.hasOwn(texts, name) ? texts[name] : undefined),
  attempt: undefined,
  firstAt: undefined,
  lastAt: undefined,
});

/** The class without its package, and the class as the code: they have no codes. */
const errorOf = (className: string | undefined) => ({ class: className, code: className?.split(".").at(-1) });

// KafkaHeaders.DLT_*: numbers are big-endian. A letter that failed in a retry topic has each value again: the first is the origin's.
const spring: ForeignDialect = {
  marks: ["kafka_dlt-original-topic", "kafka_dlt-exception-fqcn", "kafka_dlt-key-exception-fqcn"],
  read: (headers) => {
    const first = (name: string) => headerValues(headers, `kafka_dlt-${name}`).at(0) ?? undefined;
    const last = (name: string): string | undefined => headerText(headers, `kafka_dlt-${name}`);
    const at = {
      partition: bigEndian(first("original-partition"), 4),
      offset: bigEndianOffset(first("original-offset")),
      timestampMs: bigEndian(first("original-timestamp"), 8),
    };
    const className =
      last("exception-cause-fqcn") ??
      last("exception-fqcn") ??
      last("key-exception-fqcn") ??
      last("value-exception-fqcn");
    const group = last("original-consumer-group");
    return fields("spring", at, {
      topic: first("original-topic")?.toString(),
      group,
      node: group,
      ...errorOf(className),
    });
  },
};

const bigEndian = (bytes: Buffer | undefined, size: 4 | 8): number | undefined => {
  if (bytes?.length !== size) return undefined;
  const value = size === 4 ? bytes.readInt32BE() : Number(bytes.readBigInt64BE());
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};

const bigEndianOffset = (bytes: Buffer | undefined): bigint | undefined => {
  if (bytes?.length !== 8) return undefined;
  const offset = bytes.readBigInt64BE();
  return offset >= 0n ? offset : undefined;
};

// ExceptionHandlerUtils: all of them texts.
const streams: ForeignDialect = {
  marks: ["__streams.errors.topic", "__streams.errors.exception"],
  read: (headers) => {
    const of = (name: string): string | undefined => headerText(headers, `__streams.errors.${name}`);
    return fields("streams", placeOf(of), { topic: of("topic"), ...errorOf(of("exception")) });
  },
};

// DeadLetterQueueReporter: all of them texts.
const connect: ForeignDialect = {
  marks: ["__connect.errors.topic", "__connect.errors.exception.class.name"],
  read: (headers) => {
    const of = (name: string): string | undefined => headerText(headers, `__connect.errors.${name}`);
    return fields("connect", placeOf(of), {
      topic: of("topic"),
      group: of("connector.name"),
      node: of("class.name") ?? of("connector.name"),
      stage: of("stage"),
      ...errorOf(of("exception.class.name")),
    });
  },
};

const placeOf = (of: (name: string) => string | undefined) => ({
  partition: numberOf(of("partition")),
  offset: offsetOf(of("offset")),
  timestampMs: undefined,
});

const dialects: readonly ForeignDialect[] = [spring, connect, streams];

/** The message and the stack of a letter of any writer; empty where it has none. */
export const wordsOf = (headers: Headers): { readonly message: string; readonly stack: string } => {
  const firstOf = (names: readonly string[]): string =>
    names.flatMap((name) => headerText(headers, name) ?? []).at(0) ?? "";
  return {
    message: firstOf([
      "_flow.err.message",
      "kafka_dlt-exception-message",
      "kafka_dlt-key-exception-message",
      "__connect.errors.exception.message",
      "__streams.errors.message",
    ]),
    stack: firstOf([
      "_flow.err.stack",
      "kafka_dlt-exception-stacktrace",
      "kafka_dlt-key-exception-stacktrace",
      "__connect.errors.exception.stacktrace",
      "__streams.errors.stacktrace",
    ]),
  };
};
