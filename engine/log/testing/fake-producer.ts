/** A producer for tests: acknowledges at once, or when the test says so, and can be made to fail. */
import type { LogTrouble, NewRecord, TopicPartition } from "../log.ts";
import type { Producer } from "../producer.ts";

/** One record that was given to the producer. */
export interface Produced<Value> {
  readonly to: TopicPartition;
  readonly record: NewRecord;
  /** What `decode` made of the record's value. */
  readonly value: Value;
  /** Acknowledges every record of its call. */
  readonly acknowledge: () => void;
  /** Rejects its call. */
  readonly fail: (error: Error) => void;
}

/** A producer whose acknowledgements come at once, or when the test says so. */
export interface FakeProducer<Value> extends Producer {
  readonly produced: Produced<Value>[];
  /** From now on acknowledgements wait for {@link Produced}. */
  readonly hold: () => void;
  /** What `backlogRecords` returns. */
  backlog: number;
  /** What `trouble` returns. */
  failing: LogTrouble | undefined;
}

/** The bytes of a value as JSON, for {@link fakeProducer} of the same type. */
export const encodeAsJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/**
 * Acknowledges at once, until `hold` is called; offsets count the records of all partitions together. Values are read as JSON: the type is the caller's claim about what it
 * encodes with {@link encodeAsJson}. A key's partition is its length modulo 6.
 */
export const fakeProducer = <Value>(): FakeProducer<Value> => {
  const produced: Produced<Value>[] = [];
  let held = false;
  const fake: FakeProducer<Value> = {
    produced,
    backlog: 0,
    failing: undefined,
    hold: () => {
      held = true;
    },
    produce: (to, records) =>
      new Promise((resolve, reject) => {
        const firstOffset = BigInt(produced.length);
        for (const record of records) {
          // Erasure: written by encodeAsJson.
          const value = JSON.parse(String(record.value)) as Value;
          produced.push({ to, record, value, acknowledge: () => resolve(firstOffset), fail: reject });
        }
        if (!held) resolve(firstOffset);
      }),
    partitionOf: (_topic, key) => key.length % 6,
    backlogRecords: () => fake.backlog,
    noProgressSinceMs: () => undefined,
    trouble: () => fake.failing,
    close: () => Promise.resolve(),
  };
  return fake;
};
