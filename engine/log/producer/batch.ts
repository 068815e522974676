/** What waits for one partition, and how it is cut into batches: in order, as much as fits, calls split where they must. */
import type { LogRecord, NewRecord } from "../log.ts";

/** One call of `produce`: settled when every record of it has been acknowledged or refused. */
export interface Call {
  readonly records: readonly NewRecord[];
  readonly settled: PromiseWithResolvers<bigint | undefined>;
  /** The first record that is in no batch yet. */
  next: number;
  unsettledRecords: number;
  /** Where its first record is, once that is acknowledged. */
  firstOffset: bigint | undefined;
  /** Indexes of the records that can never be written. */
  readonly refused: number[];
  refusal: unknown;
}

/** Neighbouring records of one call: `from` up to, not including, `to`. */
export interface Slice {
  readonly call: Call;
  readonly from: number;
  readonly to: number;
}

/** What is appended in one go. */
export interface RecordBatch {
  readonly slices: readonly Slice[];
  readonly records: readonly NewRecord[];
}

/** Bounds of a batch. A single record may exceed the bytes: it then goes by itself. */
export interface BatchLimits {
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
}

/** Upper bound of what a record's length, offsets, timestamp and header count take on the wire. */
const overheadBytes = 24;

/** An upper bound of a record's bytes on the wire, for UTF-8 header names of up to three bytes a character. */
export const sizeOfRecord = (record: NewRecord & Pick<LogRecord, "sizeBytes">): number => {
  // A fetched record makes its key and value when they are asked for, and knows their size without.
  let size = overheadBytes + (record.sizeBytes ?? (record.key?.length ?? 0) + (record.value?.length ?? 0));
  const { headers } = record;
  for (const name in headers) {
    const values = headers[name];
    for (const one of Array.isArray(values) ? values : [values]) size += name.length * 3 + 10 + (one?.length ?? 0);
  }
  return size;
};

/** The calls of one partition that are not, or not wholly, in a batch. */
export class CallQueue {
  #calls: Call[] = [];
  #first = 0;

  add(call: Call): void {
    this.#calls.push(call);
  }

  /** The next batch; undefined when nothing waits. */
  take({ maxBatchRecords, maxBatchBytes }: BatchLimits): RecordBatch | undefined {
    const slices: Slice[] = [];
    let roomRecords = maxBatchRecords;
    let roomBytes = maxBatchBytes;
    for (let call = this.#calls[this.#first]; call !== undefined && roomRecords > 0; call = this.#calls[this.#first]) {
      const from = call.next;
      const last = Math.min(call.records.length, from + roomRecords);
      for (; call.next < last; call.next += 1) {
        const record = call.records[call.next];
        const bytes = record === undefined ? 0 : sizeOfRecord(record);
        const isFirst = slices.length === 0 && call.next === from;
        if (bytes > roomBytes && !isFirst) break;
        roomBytes -= bytes;
      }
      if (call.next > from) slices.push({ call, from, to: call.next });
      roomRecords -= call.next - from;
      if (call.next < call.records.length) break;
      this.#first += 1;
    }
    this.#forget();
    return slices.length === 0 ? undefined : batchOf(slices);
  }

  /** Empties the queue; answers the calls that had records in it. */
  clear(): readonly Call[] {
    const waiting = this.#calls.slice(this.#first);
    this.#calls = [];
    this.#first = 0;
    return waiting;
  }

  #forget(): void {
    // In one go, not a shift a call: shifting a long array moves all of it.
    if (this.#first < 1_024 && this.#first < this.#calls.length) return;
    this.#calls = this.#calls.slice(this.#first);
    this.#first = 0;
  }
}

/** Slices as one batch; a call that is wholly in it is not copied. */
export const batchOf = (slices: readonly Slice[]): RecordBatch => {
  const [only] = slices;
  if (slices.length === 1 && only !== undefined && only.to - only.from === only.call.records.length) {
    return { slices, records: only.call.records };
  }
  return { slices, records: slices.flatMap(({ call, from, to }) => call.records.slice(from, to)) };
};

/** The first and the second half of a batch of two or more records. */
export const halve = ({ slices, records }: RecordBatch): readonly [RecordBatch, RecordBatch] => {
  let left = records.length >>> 1;
  const first: Slice[] = [];
  const second: Slice[] = [];
  for (const { call, from, to } of slices) {
    const cut = Math.min(to, from + left);
    if (cut > from) first.push({ call, from, to: cut });
    if (cut < to) second.push({ call, from: cut, to });
    left -= cut - from;
  }
  return [batchOf(first), batchOf(second)];
};
