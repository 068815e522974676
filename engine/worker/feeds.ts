/**
 * Which of a worker's partitions are sources and which are feeds of them, and which source a replayed record belongs to.
 * Pure. A retry partition that decided by itself would take and lose leases against the partition of its source.
 */
import { defaultMaxRecordBytes } from "../avro/topic.ts";
import { Poison } from "../errors.ts";
import type { LogRecord, TopicPartition } from "../log/log.ts";
import type { Replay } from "./partition/in-flight.ts";
import { earlierOf } from "./round/letter-headers.ts";
import { retryOverheadBytes } from "./round/retry-record.ts";

/** What a worker reads. */
export interface Topics {
  /** Sources, with how many partitions each has. */
  readonly sources: readonly { readonly name: string; readonly partitions: number; readonly maxRecordBytes?: number }[];
  /** The retry topic: one for all sources, with as many partitions as the largest has. */
  readonly retry: string;
}

/** A retry partition that can start. */
export interface RetryFeed {
  readonly at: TopicPartition;
  /** The source partitions that decide its records: of each source that has its number. Never empty. */
  readonly into: readonly TopicPartition[];
}

/** Sorted partitions. */
export interface Sorted {
  readonly sources: readonly TopicPartition[];
  readonly retries: readonly RetryFeed[];
  /**
   * Retry partitions of which a source partition is not here: they are neither read nor committed. It happens while a member
   * of an older release leads the group, and ends with the next assignment after it has left.
   */
  readonly idle: readonly TopicPartition[];
}

/** The largest record of a source, or of the retry topic: of whichever of the sources it may be, with what a retry record adds. */
export const maxRecordBytesOf = (topic: string, { sources }: Pick<Topics, "sources">): number => {
  const of = sources.filter(({ name }) => name === topic);
  const bounds = (of.length === 0 ? sources : of).map(({ maxRecordBytes = defaultMaxRecordBytes }) => maxRecordBytes);
  return Math.max(...bounds) + (of.length === 0 ? retryOverheadBytes : 0);
};

/** Sorts what was assigned. */
export const sortPartitions = (assigned: readonly TopicPartition[], { sources, retry }: Topics): Sorted => {
  const own = assigned.filter(({ topic }) => topic !== retry);
  const feeds = assigned
    .filter(({ topic }) => topic === retry)
    .map((at) => ({ at, into: own.filter(({ partition }) => partition === at.partition) }));
  const isWhole = ({ at, into }: RetryFeed): boolean =>
    into.length > 0 && into.length === sources.filter(({ partitions }) => at.partition < partitions).length;
  return {
    sources: own,
    retries: feeds.filter(isWhole),
    idle: feeds.filter((feed) => !isWhole(feed)).map(({ at }) => at),
  };
};

/**
 * Where a record of a retry partition is decided. One that does not name its original's place, or whose original is in another
 * partition, is refused: its key may be another partition's, and it becomes a dead letter again.
 */
export const replayOf = (record: LogRecord, { at, into }: RetryFeed): Replay => {
  const earlier = earlierOf(record.headers);
  const refused = (code: string, why: string): Replay => ({
    source: into[0]?.topic ?? at.topic,
    acceptedAtMs: record.timestampMs,
    refusal: new Poison(code, `${at.topic}/${at.partition}/${record.offset} ${why}`),
  });
  if (earlier === undefined)
    return refused("NO_REPLAY", "does not name its original's place; put letters here by: sluice dlq replay");
  const { topic, partition, timestampMs } = earlier.origin;
  if (!into.some((source) => source.topic === topic && source.partition === partition)) {
    const expected = into.map((source) => `${source.topic}/${source.partition}`).join(" or ");
    return refused(
      "REPLAY_MISPLACED",
      `is of ${topic}/${partition}, expected ${expected}; only those are decided here`,
    );
  }
  return { source: topic, acceptedAtMs: timestampMs, refusal: undefined };
};
