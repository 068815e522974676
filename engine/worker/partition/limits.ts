/** How much a partition may have in memory and run side by side, and what share of the process each partition has. */

/** Bounds of one partition. */
export interface PartitionLimits {
  /** Records in one round, at most; 1 to 10,000. */
  readonly maxRound: number;
  /** Bytes of a round's records, at most, though one record always fits: what is made of them takes several times as much. */
  readonly maxRoundBytes: number;
  /** Rounds side by side, with disjoint keys. */
  readonly concurrency: number;
  /** Lanes side by side within a round, where a step decides one by one. */
  readonly laneConcurrency: number;
  /** Above this many unfinished records the partition is paused; below half of it, resumed. */
  readonly maxRecords: number;
  /** The same bound in bytes, of the records that are not finished and of what they wrote that is not acknowledged. */
  readonly maxBytes: number;
}

/**
 * So many times `maxRecords` may wait behind held keys beside it, so that one key that is held does not keep others from being
 * read: a record that waits is 166 to 339 bytes on the heap (fetched-records.ts), and `maxBytes` bounds them all.
 */
export const heldTimes = 4;

/** Bounds of a process: its partitions have even shares of them, so that they hold without a partition asking another. */
export interface ProcessLimits extends PartitionLimits {
  readonly processMaxRecords: number;
  readonly processMaxBytes: number;
}

/** The bounds of each of `partitions` partitions of one process. */
export const shareOf = (limits: ProcessLimits, partitions: number): PartitionLimits => ({
  ...limits,
  maxRecords: Math.min(limits.maxRecords, Math.ceil(limits.processMaxRecords / partitions)),
  maxBytes: Math.min(limits.maxBytes, Math.ceil(limits.processMaxBytes / partitions)),
});
