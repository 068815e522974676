/** Reads a whole topic by fetching from its brokers directly: no group, nothing committed, bounded memory. */
import { Unavailable } from "../../../errors.ts";
import { backoffMs, systemClock } from "../../../clock.ts";
import { type LogRecord, partitionName } from "../../log.ts";
import { isFatal, isRefused } from "../failures.ts";
import { fetchPlaces, offsetsOf } from "../fetch-places.ts";
import type { Cluster } from "../internals.ts";
import type { KafkaSettings } from "../options.ts";

/** Gets the records of one partition in offset order, batch after batch, and is awaited before the next. */
export type OnRecords = (partition: number, records: readonly LogRecord[]) => void | Promise<void>;

/** Some records of one partition: from an offset to before another. */
export interface RecordRange {
  readonly partition: number;
  readonly from: bigint;
  readonly end: bigint;
}

/** Between attempts while a leader moves or a broker is away. */
const backoff = { initialMs: 100, maxMs: 2_000 };
/** Attempts in a row without a record read: about half a minute. */
const maxFailures = 20;

interface Reading {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly partition: number;
  readonly settings: KafkaSettings;
  next: bigint;
  readonly end: bigint;
}

/** Which part of a topic is read. */
export interface ReadRange {
  /** Only the last so many offsets of each partition. */
  readonly lastOfEach?: number;
}

/** Reads up to where the topic ends now. @throws Unavailable */
export const readTopic = async (
  cluster: Cluster,
  { topic, settings, lastOfEach }: { readonly topic: string; readonly settings: KafkaSettings } & ReadRange,
  onRecords: OnRecords,
): Promise<void> => {
  await cluster.addMultipleTargetTopics([topic]);
  const starts = await offsetsOf(cluster, topic, "start");
  for (const [partition, end] of await offsetsOf(cluster, topic, "end")) {
    const start = starts.get(partition) ?? 0n;
    const from = lastOfEach === undefined ? start : end - BigInt(lastOfEach);
    const next = from > start ? from : start;
    await readPartition({ cluster, topic, partition, settings, next, end }, onRecords);
  }
};

/**
 * Reads ranges, each in its order, one after another. What is not there, because retention removed it or because it was never
 * written, is passed over. @throws Unavailable
 */
export const readRanges = async (
  cluster: Cluster,
  {
    topic,
    settings,
    ranges,
  }: { readonly topic: string; readonly settings: KafkaSettings; readonly ranges: readonly RecordRange[] },
  onRecords: OnRecords,
): Promise<void> => {
  if (ranges.length === 0) return;
  await cluster.addMultipleTargetTopics([topic]);
  const [starts, ends] = [await offsetsOf(cluster, topic, "start"), await offsetsOf(cluster, topic, "end")];
  for (const { partition, from, end } of ranges) {
    const [start, last] = [starts.get(partition), ends.get(partition)];
    if (start === undefined || last === undefined) continue;
    const [[, next], [upTo]] = [rising(from, start), rising(end, last)];
    await readPartition({ cluster, topic, partition, settings, next, end: upTo }, onRecords);
  }
};

const rising = (one: bigint, other: bigint): readonly [bigint, bigint] => (one < other ? [one, other] : [other, one]);

/** The next fetch is under way while the records of the last one are looked at. */
const readPartition = async (reading: Reading, onRecords: OnRecords): Promise<void> => {
  let failures = 0;
  let fetching: Promise<Fetched> | undefined;
  while (reading.next < reading.end) {
    const fetched = await (fetching ?? fetch(reading));
    fetching = undefined;
    if (fetched.error !== undefined) {
      failures += 1;
      await recover(reading, failures, fetched.error);
      continue;
    }
    failures = fetched.next > reading.next ? 0 : failures + 1;
    if (failures > maxFailures) throw new Unavailable("kafka", `${partitionName(reading)} answers no records`);
    reading.next = fetched.next;
    if (reading.next < reading.end) fetching = fetch(reading);
    try {
      if (fetched.records.length > 0) await onRecords(reading.partition, fetched.records);
    } catch (error) {
      await fetching;
      throw error;
    }
  }
};

interface Fetched {
  readonly records: readonly LogRecord[];
  readonly next: bigint;
  readonly error?: unknown;
}

/** Never rejects: a fetch that runs ahead has no caller that waits for it yet. */
const fetch = async (reading: Reading): Promise<Fetched> => {
  const { cluster, topic, partition, settings, next, end } = reading;
  try {
    const nodeId = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0];
    if (nodeId === undefined) throw new Unavailable("kafka", `${partitionName(reading)} has no leader`);
    const broker = await cluster.findBroker({ nodeId });
    const [fetched = { records: [], next }] = await fetchPlaces(broker, [{ topic, partition, next }], settings);
    return { records: fetched.records.filter(({ offset }) => offset < end), next: fetched.next };
  } catch (error) {
    return { records: [], next, error };
  }
};

const recover = async (reading: Reading, failures: number, error: unknown): Promise<void> => {
  if (failures > maxFailures || isFatal(error) || isRefused(error)) throw error;
  await systemClock.sleep(backoffMs(backoff, failures, Math.random));
  await reading.cluster.refreshMetadata().catch(() => {});
};
