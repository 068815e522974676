/** Looks for one record in a bounded part of a topic, beginning at a moment: topics have no index by id. */
import { unlessMissing } from "../../engine/log/unless-missing.ts";
import type { KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import type { LogRecord } from "../../engine/log/log.ts";

/** What is asked of a cluster. */
export type SearchedCluster = Pick<KafkaAdmin, "offsetsAt" | "startOffsets" | "endOffsets" | "readRanges">;

/** Where to look. */
export interface SearchRange {
  /** Records as young as this, epoch ms. */
  readonly fromMs: number;
  /** In this partition; in all of them where left out. */
  readonly partition?: number;
  /** Up to the first record that is as young as this, epoch ms; to the end where left out. */
  readonly toMs?: number;
}

/** A value with its record's place. */
export interface Found<T> {
  readonly value: T;
  readonly partition: number;
  readonly offset: bigint;
  /** The broker's timestamp, epoch ms. */
  readonly at: number;
}

/** What a search came to. */
export interface Searched<T> {
  readonly found?: Found<T>;
  /** Whether it is certain that there is no other: false where the bound was reached, or the topic begins later. */
  readonly isWhole: boolean;
}

/** Records of a partition that one search reads at most: about a tenth of a second each. Most are found in the first piece. */
const pieces = [2_000n, 18_000n, 80_000n];

/**
 * Shows records one by one until `see` answers something, which is the search's answer. A topic that does not exist has none.
 * @throws Unavailable
 */
export const searchTopic = async <T>(
  cluster: SearchedCluster,
  topic: string,
  { fromMs, toMs, partition }: SearchRange,
  see: (partition: number, record: LogRecord) => T | undefined | Promise<T | undefined>,
): Promise<Searched<T>> => {
  const bounds = await unlessMissing(() => boundsOf(cluster, topic, fromMs, toMs), undefined);
  if (bounds === undefined) return { isWhole: true };
  const { starts, ends, isFromStart } = bounds;
  const partitions = partition === undefined ? [...starts.keys()] : [partition];
  let next = starts;
  let found: Found<T> | undefined;
  for (const piece of pieces) {
    const ranges = partitions.flatMap((one) => {
      const [from = 0n, end = 0n] = [next[one], ends[one]];
      return from < end ? [{ partition: one, from, end: first(from + piece, end) }] : [];
    });
    if (ranges.length === 0) break;
    await cluster.readRanges(topic, ranges, async (at, records) => {
      for (const record of records) {
        if (found !== undefined) return;
        const seen = see(at, record);
        const value = seen instanceof Promise ? await seen : seen;
        if (value !== undefined) found = { value, partition: at, offset: record.offset, at: record.timestampMs };
      }
    });
    if (found !== undefined) return { found, isWhole: true };
    next = next.map((from, one) => ranges.find((range) => range.partition === one)?.end ?? from);
  }
  const isWhole = isFromStart(partitions) && partitions.every((one) => (next[one] ?? 0n) >= (ends[one] ?? 0n));
  return { isWhole };
};

const first = (one: bigint, other: bigint): bigint => {
  if (one < other) return one;
  return other;
};

const boundsOf = async (cluster: SearchedCluster, topic: string, fromMs: number, toMs: number | undefined) => {
  const [starts, lows, ends] = await Promise.all([
    cluster.offsetsAt(topic, fromMs),
    cluster.startOffsets(topic),
    toMs === undefined ? cluster.endOffsets(topic) : cluster.offsetsAt(topic, toMs),
  ]);
  // Where the search begins at the first record that is left of a partition, what was before it is not known.
  const isFromStart = (partitions: readonly number[]): boolean =>
    partitions.every((one) => (lows[one] ?? 0n) === 0n || (starts[one] ?? 0n) > (lows[one] ?? 0n));
  return { starts, ends, isFromStart };
};
