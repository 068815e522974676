/** What a round writes: its emissions and dead letters, encoded, by partition, in the order of the records that caused them. */
import type { Encoder } from "../schemas/codec.ts";
import type { Emission } from "../topology/interpret.ts";
import type { NewRecord, TopicPartition } from "./log.ts";
import type { Producer } from "./producer.ts";

/** Collects a round's records, then hands each partition's to the producer in one call. */
export interface RoundWriter {
  /** Encodes and collects. @throws EncodeFailed, with nothing collected of this emission. */
  readonly emit: (emission: Emission) => void;
  /** Collects a record as it is. */
  readonly add: (topic: string, record: NewRecord) => void;
  /** Hands everything over, in order; the promise resolves when all of it is acknowledged. */
  readonly flush: () => Promise<void>;
}

/** Encoders by topic name. */
export type Encoders = ReadonlyMap<string, Encoder<unknown>>;

/** A writer for one round. */
export const createRoundWriter = (producer: Producer, encoders: Encoders): RoundWriter => {
  const batches = new Map<string, { readonly to: TopicPartition; readonly records: NewRecord[] }>();
  // Many records of a round share a key, a hot round shares one: its bytes and partition are worked out once.
  const keys = new Map<string, Map<string, { readonly key: Buffer; readonly records: NewRecord[] }>>();

  const batchOf = (topic: string, key: Buffer): NewRecord[] => {
    const to = { topic, partition: producer.partitionOf(topic, key) };
    const name = `${topic}/${to.partition}`;
    const batch = batches.get(name) ?? { to, records: [] };
    batches.set(name, batch);
    return batch.records;
  };
  const targetOf = (topic: string, key: string): { readonly key: Buffer; readonly records: NewRecord[] } => {
    const ofTopic = keys.get(topic) ?? new Map();
    keys.set(topic, ofTopic);
    const known = ofTopic.get(key);
    if (known !== undefined) return known;
    const bytes = Buffer.from(key);
    const target = { key: bytes, records: batchOf(topic, bytes) };
    ofTopic.set(key, target);
    return target;
  };

  return {
    emit: ({ sink, value }) => {
      const encode = encoders.get(sink.name);
      if (encode === undefined) throw new Error(`no encoder for topic ${sink.name}`);
      const bytes = encode(value);
      const { key, records } = targetOf(sink.name, sink.key(value));
      records.push({ key, value: bytes });
    },
    add: (topic, record) => {
      batchOf(topic, record.key ?? Buffer.alloc(0)).push(record);
    },
    flush: async () => {
      await Promise.all([...batches.values()].map(({ to, records }) => producer.produce(to, records)));
    },
  };
};
