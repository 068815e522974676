/** What rounds and request handlers write through: they hand records over and wait for the acknowledgement. */
import type { LogTrouble, NewRecord, TopicPartition } from "./log.ts";

/** Collects records by partition and appends everything queued for a partition in one go (see accumulator.ts). */
export interface Producer {
  /**
   * Queues records for a partition, behind all that was queued before; resolves once they are acknowledged, with
   * the offset of the first, undefined where there were none. Those of one call need not be neighbours.
   * Rejects only when the records can never be written (Poison) or the producer was closed (ProducerClosed).
   */
  readonly produce: (to: TopicPartition, records: readonly NewRecord[]) => Promise<bigint | undefined>;
  /** The partition a key belongs to: murmur2, as the Java client. */
  readonly partitionOf: (topic: string, key: Buffer) => number;
  /** Records queued or in flight. */
  readonly backlogRecords: () => number;
  /**
   * Since when, epoch ms, some partition with records pending has seen no append begin, be acknowledged or fail: the
   * longest there is. Undefined where nothing is pending.
   */
  readonly noProgressSinceMs: () => number | undefined;
  /** What the latest append of some partition failed with while it is tried again, and since when it fails: the longest there is. */
  readonly trouble: () => LogTrouble | undefined;
  /** Resolves when everything queued so far is acknowledged or has failed; takes nothing more. Idempotent. */
  readonly close: () => Promise<void>;
}
