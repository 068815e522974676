/** What a topic is: a name, the schema of its values, and what its keys and ids are. */
import type { RecordSchema } from "./avro.ts";

/**
 * A Kafka topic. Records with equal keys keep their order; keys are UTF-8 text, never Avro, because a schema id in
 * the key's bytes would move every key to another partition at its next version.
 */
export interface Topic<T> {
  readonly kind: "topic";
  readonly name: string;
  readonly schema: RecordSchema<T>;
  /** What orders the records. */
  readonly key: (value: T) => string;
  /** The field that is the key; absent where the key is computed. Part of the graph: another key is another order. */
  readonly keyedBy?: string;
  /** Equal for every copy of the same record: the idempotency key of what it causes. */
  readonly id: (value: T) => string;
  /** Partitions it is created with; 1 to 1,000. A running topology refuses another count. */
  readonly partitions: number;
  /**
   * Settings of the broker that it is created with, such as `retention.ms`. Not part of a topology's graph: they may be
   * changed while it is deployed, and change nothing about what it decides.
   */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * Says what is wrong with a record that fits the schema, undefined where nothing is: a value or a key that no writer of the
   * topic would have written, whoever did. Such a record is dead-lettered before any step sees it. Pure. Not part of the graph.
   */
  readonly check?: (value: T, key: Buffer | null) => string | undefined;
  /**
   * Subjects besides its own whose schemas its writers may use, such as that of the topic it is a mirror of. A record that names
   * any other schema is dead-lettered. Not part of the graph.
   */
  readonly otherSubjects?: readonly string[];
  /**
   * The largest record that is read, in bytes of its key, value and headers: a larger one is dead-lettered without its bytes,
   * before anything looks into it. {@link defaultMaxRecordBytes} where absent. Not part of the graph.
   */
  readonly maxRecordBytes?: number;
}

/** What a broker takes unless configured: 1 MiB. A compressed batch may hold records of more. */
export const defaultMaxRecordBytes = 1_048_588;

/** The names of a record's text fields. */
type TextField<T> = { [K in keyof T & string]: T[K] extends string ? K : never }[keyof T & string];

/** Declares a topic. `key` names a field, or computes the key of a value. `partitions` is 6 by default: enough for six workers, few enough to keep a hot round large. */
export const topic = <T>(
  name: string,
  schema: RecordSchema<T>,
  of: {
    readonly key: TextField<T> | ((value: T) => string);
    readonly id: (value: T) => string;
    readonly partitions?: number;
    readonly config?: Readonly<Record<string, string>>;
    readonly maxRecordBytes?: number;
    readonly otherSubjects?: readonly string[];
    readonly check?: (value: T, key: Buffer | null) => string | undefined;
  },
): Topic<T> => ({
  kind: "topic",
  name,
  schema,
  ...keyOf(of.key),
  id: of.id,
  partitions: of.partitions ?? 6,
  ...(of.config !== undefined && { config: of.config }),
  ...(of.maxRecordBytes !== undefined && { maxRecordBytes: of.maxRecordBytes }),
  ...(of.check !== undefined && { check: of.check }),
  ...(of.otherSubjects !== undefined && { otherSubjects: of.otherSubjects }),
});

const keyOf = <T>(key: TextField<T> | ((value: T) => string)): Pick<Topic<T>, "key" | "keyedBy"> =>
  // TextField allows only fields that are texts.
  typeof key === "function" ? { key } : { key: (value) => value[key] as string, keyedBy: key };

/** The registry subject of a topic's values (topic name strategy). */
export const subjectOf = (topic: { readonly name: string }): string => `${topic.name}-value`;

/** The subjects whose schemas a topic's records may be written with. */
export const subjectsOf = (topic: Pick<Topic<never>, "name" | "otherSubjects">): readonly string[] => [
  subjectOf(topic),
  ...(topic.otherSubjects ?? []),
];

/** The topic whose values are kept under a subject: the inverse of {@link subjectOf}. @throws RangeError for other subjects */
export const topicOfSubject = (subject: string): string => {
  const name = subject.slice(0, -subjectOf({ name: "" }).length);
  if (subjectOf({ name }) !== subject) throw new RangeError(`subject ${subject} belongs to no topic`);
  return name;
};
