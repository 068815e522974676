/** The log a topology runs on: Kafka, or one in memory. A parameter of the runtime, never an import of it. */
import { PipelineError } from "../errors.ts";

/** Header names to values; a name may be repeated, a value may be null. Order within a name is kept. */
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
/** One header's bytes. */
export type HeaderValue = Buffer | null;

/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A partition's name in maps, logs and messages. */
export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** A record as it was read. */
export interface LogRecord {
  readonly offset: bigint;
  /** The broker's timestamp, epoch ms. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  /** Why the log could not read the record, with the place of its batch; its key and value are null then. */
  readonly unreadable?: string;
  /** How large its key and value were, where they were let go of because the record is larger than its topic's are. */
  readonly letGo?: { readonly keyBytes: number; readonly valueBytes: number };
  /** The key's bytes as Latin-1, where the log has it at hand: one text for all records of a batch that have the key. */
  readonly keyText?: string | null;
  /** Bytes of key and value, where the log has it at hand without making either. */
  readonly sizeBytes?: number;
  /**
   * What `look` finds in the value's bytes, which are those from `start` to `end`; undefined where it is null. Where the log has it at
   * hand: a Buffer of its own is an object of a hundred bytes.
   */
  readonly lookIntoValue?: <T>(look: (bytes: Buffer, start: number, end: number) => T) => T | undefined;
}

/** A record to write. */
export interface NewRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Headers;
}

/** What a subscriber is called with. The calls come one at a time; none of them throws. */
export interface LogListener {
  /** These partitions are ours from now on, and no others. */
  readonly assigned: (partitions: readonly TopicPartition[]) => void;
  /** Records of one partition, in offset order; `endOffset` is the partition's end as of the fetch (lag = end - finished). */
  readonly records: (from: TopicPartition, records: readonly LogRecord[], endOffset: bigint) => void;
  /**
   * The membership is about to be given back: finish what is in flight, commit, and let go. Awaited before the group
   * is rejoined or left, with the membership still good for commits; after `drainBudgetMs` it is given back regardless.
   */
  readonly revoking: () => Promise<void>;
  /** The subscription has ended and will not recover: offsets out of range, a crash without restart. */
  readonly failed: (error: Error) => void;
}

/** How to join. */
export interface SubscribeOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
}

/** The broker refused a commit: the membership is no longer good. What was not committed will be read again. */
export class CommitRefused extends Error {
  readonly code = "COMMIT_REFUSED";
  constructor(why: string, options?: ErrorOptions) {
    super(`the group refused the commit: ${why}`, options);
  }
}

/**
 * The next record to read is gone, or not there yet: retention deleted it, or the log lost its end. Nothing was
 * skipped; an operator has to look at what is missing and then set the group's offset.
 */
export class OffsetOutOfRange extends PipelineError {
  override readonly code = "OFFSET_OUT_OF_RANGE";
  override readonly disposition = "fatal";
  constructor({ groupId, topic, partition, offset, earliest, end }: OutOfRange, options?: ErrorOptions) {
    super(
      `group ${groupId} cannot continue in ${topic}/${partition}: its next offset is ${offset}, the log has ${earliest} up to ${end}. ` +
        "No record was skipped. Find out what is missing, stop the group's workers, then set its offset for this partition explicitly.",
      options,
    );
  }
}

/** Where a group is, and where the log ends. */
export interface OutOfRange extends TopicPartition {
  readonly groupId: string;
  /** The next offset to read. */
  readonly offset: bigint;
  /** The first offset there is. */
  readonly earliest: bigint;
  /** The offset after the last one there is. */
  readonly end: bigint;
}

/** How far a subscription has read a partition, and where that ends. */
export interface Position {
  /** The next offset to read: what is before it was delivered, or is nothing to deliver (aborted, a marker, compacted). */
  readonly next: bigint;
  /** The offset after the last record that can be read now: records of open transactions are behind it. */
  readonly end: bigint;
}

/** What keeps a membership from reading, and since when, epoch ms. */
export interface LogTrouble {
  readonly error: PipelineError;
  readonly sinceMs: number;
}

/** A membership in a group. */
export interface Subscription {
  /**
   * Commits the next offset to read, by partition. Never called with less than before by the runtime.
   * @throws CommitRefused when the membership is no longer good (rebalance, expired session): the records come again.
   * @throws Unavailable when the coordinator did not answer.
   */
  readonly commit: (offsets: readonly (TopicPartition & { readonly offset: bigint })[]) => Promise<void>;
  /** Stops delivery from a partition, until it is resumed or assigned anew; heartbeats continue. Idempotent. */
  readonly pause: (partition: TopicPartition) => void;
  /** Ends a pause. Idempotent. */
  readonly resume: (partition: TopicPartition) => void;
  /**
   * Where each partition that is ours stands, paused or not, by {@link partitionName}; those that are not known are left out.
   * Changes nothing. @throws Unavailable
   */
  readonly positions: () => Promise<ReadonlyMap<string, Position>>;
  /** What keeps it from reading now, while it tries to join again; undefined where nothing does. */
  readonly trouble: () => LogTrouble | undefined;
  /** Calls `revoking`, then leaves the group, so that others take over at once. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** Appends to partitions. */
export interface LogWriter {
  /** How many partitions a topic has. @throws Unavailable */
  readonly partitionCount: (topic: string) => Promise<number>;
  /**
   * Appends records to one partition, all or none, acknowledged by every in-sync replica; answers the offset of the first,
   * undefined where there were none.
   * The caller has at most one call per partition in flight: that is what keeps the order.
   * @throws Unavailable when it is unknown whether they were appended: append the same again, readers know them by id.
   * @throws Poison (RECORD_TOO_LARGE) when the broker will never take them.
   */
  readonly append: (to: TopicPartition, records: readonly NewRecord[]) => Promise<bigint | undefined>;
}

/** A log: what a worker needs to read and write. */
export interface Log extends LogWriter {
  /**
   * Joins a group; from the earliest offset where the group has none. Resolves before anything is assigned.
   * @throws Unavailable
   * @throws Fatal (TOPIC_MISSING)
   */
  readonly subscribe: (options: SubscribeOptions, listener: LogListener) => Promise<Subscription>;
  /** Ends every subscription and connection. Idempotent. */
  readonly close: () => Promise<void>;
}
