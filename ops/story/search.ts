/** Looks for one record in a bounded part of a topic, beginning at a moment: topics have no index by id. */
import { unlessMissing } from "../../engine/log/unless-missing.ts";
import type { KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import type { RecordRange } from "../../engine/log/kafka/admin/read-topic.ts";
import type { LogRecord } from "../../engine/log/log.ts";
import type { Origin } from "../../engine/worker/round/letter-headers.ts";

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

/** How far the clocks of API or database and of a broker may be apart, and how long a record waits for its batch, ms. */
export const clockSlackMs = 10_000;

/** The origin of what came from a record that was found. */
export const originOf = (topic: string, { partition, offset, at }: Omit<Found<unknown>, "value">): Origin => ({
  ...{ topic, partition, offset, timestampMs: at },
});

/** Records of a partition that one search reads at most: about half a second. Most are found in the first piece. */
const pieces = [2_000n, 18_000n, 80_000n];

/**
 * Records that say when they belong, nearly in that order: then a few of them lead to where the record must be, however much was
 * written since.
 */
export interface Sorted {
  /** The time of the record that is looked for, epoch ms. */
  readonly at: number;
  /** That of another one; undefined where it says none. */
  readonly timeOf: (record: LogRecord) => number | undefined | Promise<number | undefined>;
}

/** What a record is to whoever searches; undefined where it is not the one. */
type See<T> = (partition: number, record: LogRecord) => T | undefined | Promise<T | undefined>;

/** Records before and after the place that are read: rounds side by side, copies and replays are out of order. */
const around = { before: 4_000n, after: 16_000n };
/** A place is known well enough when so many records are left. */
const closeEnough = 1_000n;

/**
 * Shows records one by one until `see` answers something, which is the search's answer. A topic that does not exist has none.
 * @throws Unavailable
 */
export const searchTopic = async <T>(
  cluster: SearchedCluster,
  topic: string,
  { fromMs, toMs, partition }: SearchRange,
  see: See<T>,
  sorted?: Sorted,
): Promise<Searched<T>> => {
  const bounds = await unlessMissing(() => boundsOf(cluster, topic, fromMs, toMs), undefined);
  if (bounds === undefined) return { isWhole: true };
  const { starts, ends, isFromStart } = bounds;
  const partitions = partition === undefined ? [...starts.keys()] : [partition];
  let next = starts;
  for (const [at, piece] of pieces.entries()) {
    const ranges = partitions.flatMap((one) => {
      const [from = 0n, end = 0n] = [next[one], ends[one]];
      return from < end ? [{ partition: one, from, end: first(from + piece, end) }] : [];
    });
    const [range] = ranges;
    if (range === undefined) break;
    if (at > 0 && sorted !== undefined && partitions.length === 1) {
      const end = ends[range.partition] ?? 0n;
      const near = await searchNear(cluster, topic, { ...range, end }, see, sorted);
      return { ...near, isWhole: near.found !== undefined || (near.isWhole && isFromStart(partitions)) };
    }
    const found = await firstSeen(cluster, topic, ranges, see);
    if (found !== undefined) return { found, isWhole: true };
    next = next.map((from, one) => ranges.find((range) => range.partition === one)?.end ?? from);
  }
  const isWhole = isFromStart(partitions) && partitions.every((one) => (next[one] ?? 0n) >= (ends[one] ?? 0n));
  return { isWhole };
};

/** Looks around the place where the record must be; certain only where that is everything. */
const searchNear = async <T>(
  cluster: SearchedCluster,
  topic: string,
  { partition, from, end }: RecordRange,
  see: See<T>,
  sorted: Sorted,
): Promise<Searched<T>> => {
  const place = await placeOf(cluster, topic, { partition, from, end }, sorted);
  const part = { partition, from: last(place - around.before, from), end: first(place + around.after, end) };
  const found = await firstSeen(cluster, topic, [part], see);
  return found === undefined ? { isWhole: part.from === from && part.end === end } : { found, isWhole: true };
};

/** Shows records until one is the answer. */
const firstSeen = async <T>(
  cluster: SearchedCluster,
  topic: string,
  ranges: readonly RecordRange[],
  see: See<T>,
): Promise<Found<T> | undefined> => {
  let found: Found<T> | undefined;
  await cluster.readRanges(topic, ranges, async (partition, records) => {
    for (const record of records) {
      if (found !== undefined) return;
      const seen = see(partition, record);
      const value = seen instanceof Promise ? await seen : seen;
      if (value !== undefined) found = { value, partition, offset: record.offset, at: record.timestampMs };
    }
  });
  return found;
};

/** Halves the range by one record's time after the other. */
const placeOf = async (
  cluster: SearchedCluster,
  topic: string,
  { partition, from, end }: RecordRange,
  { at, timeOf }: Sorted,
): Promise<bigint> => {
  let [low, high] = [from, end];
  while (high - low > closeEnough) {
    const middle = (low + high) / 2n;
    let time: number | undefined;
    await cluster.readRanges(topic, [{ partition, from: middle, end: middle + 1n }], async (_, [record]) => {
      time = record && (await timeOf(record));
    });
    if (time === undefined) break;
    if (time < at) low = middle;
    else high = middle;
  }
  return low;
};

const last = (one: bigint, other: bigint): bigint => (first(one, other) === one ? other : one);
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
