/** The rows that a relay has given to its producer and not marked yet. */
import { Fatal } from "../errors.ts";
import type { NewRecord } from "../log/log.ts";
import type { OutboxRow } from "./outbox.ts";
import type { RelayOptions } from "./relay-options.ts";

/** Rows in flight: given to the producer together. */
export interface Batch<Value> {
  readonly rows: readonly OutboxRow<Value>[];
  /** When they were given to the producer, epoch ms. */
  readonly sinceMs: number;
  /** How many of them are not acknowledged yet. */
  readonly unacknowledged: () => number;
  /** Resolves when all of them are acknowledged; rejects with the first error of the producer. */
  readonly acknowledged: Promise<void>;
}

/** What publishing rows needs. */
export type Publishing<Value, Published> = Pick<
  RelayOptions<Value, Published>,
  "definition" | "producer" | "encode" | "clock"
>;

/** Gives rows to the producer, by partition, in their order. @throws Fatal where a row fits no record, none published. */
export const publishRows = <Value, Published>(
  rows: readonly OutboxRow<Value>[],
  publishing: Publishing<Value, Published>,
): Batch<Value> => {
  const { definition, producer, clock } = publishing;
  const byPartition = recordsByPartition(rows, publishing);
  const sinceMs = clock.now();
  let unacknowledged = rows.length;
  const parts = Array.from(byPartition, async ([partition, records]) => {
    await producer.produce({ topic: definition.topic.name, partition }, records);
    unacknowledged -= records.length;
  });
  return {
    rows,
    sinceMs,
    unacknowledged: () => unacknowledged,
    acknowledged: Promise.all(parts).then(() => {}),
  };
};

/** In each partition the records are in the order of their rows. */
const recordsByPartition = <Value, Published>(
  rows: readonly OutboxRow<Value>[],
  publishing: Publishing<Value, Published>,
): ReadonlyMap<number, readonly NewRecord[]> => {
  const { name } = publishing.definition.topic;
  const byPartition = new Map<number, NewRecord[]>();
  for (const row of rows) {
    const { key, value } = recordOf(row, publishing);
    const partition = publishing.producer.partitionOf(name, key);
    const records = byPartition.get(partition) ?? [];
    byPartition.set(partition, records);
    records.push({ key, value });
  }
  return byPartition;
};

const recordOf = <Value, Published>(
  row: OutboxRow<Value>,
  { definition: { name, topic, project }, encode }: Publishing<Value, Published>,
): { readonly key: Buffer; readonly value: Buffer } => {
  try {
    const record = project(row.value);
    return { key: Buffer.from(topic.key(record)), value: encode(record) };
  } catch (error) {
    const what = `row ${row.number} (${row.id}) of the outbox ${name} fits no record of ${topic.name}`;
    throw new Fatal("OUTBOX_ROW_UNENCODABLE", what, { cause: error });
  }
};
