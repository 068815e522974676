/** The rows that a relay has given to its producer and not marked yet. */
import { Fatal } from "../errors.ts";
import type { NewRecord } from "../log/log.ts";
import { headersOfTrace } from "../tracing/trace-context.ts";
import type { OutboxRow } from "./outbox.ts";
import type { RelayOptions } from "./relay-options.ts";

/** A row that fits no record of its topic. */
export interface UnfitRow {
  readonly number: number;
  readonly id: string;
  readonly traceparent: string | undefined;
  readonly error: Fatal;
}

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

/** Gives rows to the producer, by partition, in their order. Those that fit no record are answered, and no part of the batch. */
export const publishRows = <Value, Published>(
  read: readonly OutboxRow<Value>[],
  publishing: Publishing<Value, Published>,
): { readonly batch: Batch<Value>; readonly unfit: readonly UnfitRow[] } => {
  const { definition, producer, clock } = publishing;
  const { rows, byPartition, unfit } = recordsByPartition(read, publishing);
  const sinceMs = clock.now();
  let unacknowledged = rows.length;
  const parts = Array.from(byPartition, async ([partition, records]) => {
    await producer.produce({ topic: definition.topic.name, partition }, records);
    unacknowledged -= records.length;
  });
  return {
    batch: {
      rows,
      sinceMs,
      unacknowledged: () => unacknowledged,
      acknowledged: Promise.all(parts).then(() => {}),
    },
    unfit,
  };
};

/** In each partition the records are in the order of their rows. */
const recordsByPartition = <Value, Published>(
  read: readonly OutboxRow<Value>[],
  publishing: Publishing<Value, Published>,
) => {
  const { name } = publishing.definition.topic;
  const byPartition = new Map<number, NewRecord[]>();
  const rows: OutboxRow<Value>[] = [];
  const unfit: UnfitRow[] = [];
  for (const row of read) {
    const record = recordOf(row, publishing);
    if (record instanceof Fatal) {
      unfit.push({ number: row.number, id: row.id, traceparent: row.traceparent, error: record });
      continue;
    }
    rows.push(row);
    const partition = publishing.producer.partitionOf(name, record.key);
    const records = byPartition.get(partition) ?? [];
    byPartition.set(partition, records);
    records.push(record);
  }
  return { rows, byPartition, unfit };
};

const recordOf = <Value, Published>(
  row: OutboxRow<Value>,
  { definition: { name, topic, project }, encode }: Publishing<Value, Published>,
): (NewRecord & { readonly key: Buffer }) | Fatal => {
  try {
    const published = project(row.value);
    const record = { key: Buffer.from(topic.key(published)), value: encode(published) };
    const { traceparent } = row;
    return traceparent === undefined ? record : { ...record, headers: headersOfTrace(traceparent) };
  } catch (error) {
    const what = `row ${row.number} (${row.id}) of the outbox ${name} fits no record of ${topic.name}`;
    return new Fatal("OUTBOX_ROW_UNENCODABLE", what, { cause: error });
  }
};
