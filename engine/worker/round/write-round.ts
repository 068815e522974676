/**
 * What a round writes: its emissions and dead letters, by partition, in the order of the records that caused them.
 * What the log refuses for good becomes a dead letter instead, so that a record never ends without a trace.
 */
import type { Emission } from "../../interpreter/interpret.ts";
import { RecordsRefused } from "../../log/producer/accumulator.ts";
import type { NewRecord, TopicPartition } from "../../log/log.ts";
import { sizeOfRecord } from "../../log/producer/batch.ts";
import type { Producer } from "../../log/producer.ts";

/** Collects a round's records, then hands each partition's to the producer in one call. `Cause`: the record they are due to. */
export interface RoundWriter<Cause> {
  /** Collects an emission. */
  readonly emit: (emission: Emission, cause: Cause) => void;
  /** Collects a record as it is. */
  readonly add: (topic: string, record: NewRecord, cause: Cause) => void;
  /** Hands everything over, in order; the promise resolves when all of it, or what replaces it, is acknowledged. */
  readonly flush: () => Promise<void>;
  /** Bytes of what was collected. */
  readonly sizeBytes: () => number;
}

/** A record that the log will never take. */
export interface Refusal<Cause> {
  readonly topic: string;
  readonly record: NewRecord;
  readonly cause: Cause;
  readonly error: RecordsRefused;
}

/** What a writer works with. */
export interface RoundWriterOptions<Cause> {
  readonly producer: Producer;
  /** What to write instead of a refused record; undefined where there is nothing left to try, which fails the flush. */
  readonly instead: (refusal: Refusal<Cause>) => { readonly topic: string; readonly record: NewRecord } | undefined;
}

interface Batch<Cause> {
  readonly to: TopicPartition;
  readonly records: NewRecord[];
  readonly causes: Cause[];
}

/** A writer for one round. */
export const createRoundWriter = <Cause>(options: RoundWriterOptions<Cause>): RoundWriter<Cause> => {
  const { producer, instead } = options;
  const batches = new Map<string, Batch<Cause>>();
  let bytes = 0;
  // Many records of a round share a key, a hot round shares one: its bytes and partition are worked out once.
  const keys = new Map<string, Map<string, { readonly key: Buffer; readonly batch: Batch<Cause> }>>();

  const batchOf = (topic: string, key: Buffer): Batch<Cause> => {
    const to = { topic, partition: producer.partitionOf(topic, key) };
    const name = `${topic}/${to.partition}`;
    const batch = batches.get(name) ?? { to, records: [], causes: [] };
    batches.set(name, batch);
    return batch;
  };
  const targetOf = (topic: string, key: string): { readonly key: Buffer; readonly batch: Batch<Cause> } => {
    const ofTopic = keys.get(topic) ?? new Map();
    keys.set(topic, ofTopic);
    const known = ofTopic.get(key);
    if (known !== undefined) return known;
    const bytes = Buffer.from(key);
    const target = { key: bytes, batch: batchOf(topic, bytes) };
    ofTopic.set(key, target);
    return target;
  };
  const add: RoundWriter<Cause>["add"] = (topic, record, cause) => {
    const { records, causes } = batchOf(topic, record.key ?? Buffer.alloc(0));
    records.push(record);
    causes.push(cause);
    bytes += sizeOfRecord(record);
  };
  const write = async ({ to, records, causes }: Batch<Cause>): Promise<void> => {
    try {
      await producer.produce(to, records);
    } catch (error) {
      if (!(error instanceof RecordsRefused)) throw error;
      const others = createRoundWriter(options);
      for (const at of error.recordIndexes) {
        const [record, cause] = [records[at], causes[at]];
        if (record === undefined || cause === undefined) throw error;
        const other = instead({ topic: to.topic, record, cause, error });
        if (other === undefined) throw error;
        others.add(other.topic, other.record, cause);
      }
      await others.flush();
    }
  };
  return {
    emit: ({ sink, key: text, bytes: value, headers }, cause) => {
      const { key, batch } = targetOf(sink.name, text);
      const record = headers === undefined ? { key, value } : { key, value, headers };
      batch.records.push(record);
      batch.causes.push(cause);
      bytes += sizeOfRecord(record);
    },
    add,
    flush: async () => {
      await Promise.all([...batches.values()].map(write));
    },
    sizeBytes: () => bytes,
  };
};
