/** A topic in memory: a list of records per partition. */
import { Poison } from "../../errors.ts";
import type { LogRecord, NewRecord } from "../log.ts";

/** One partition's records. */
export class MemoryPartition {
  #records: LogRecord[] = [];
  #startOffset = 0n;

  /** The first offset there is. */
  get startOffset(): bigint {
    return this.#startOffset;
  }

  /** The offset after the last record. */
  get endOffset(): bigint {
    return this.#startOffset + BigInt(this.#records.length);
  }

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  /** Appends all or none; answers the offset of the first, if any. @throws Poison (RECORD_TOO_LARGE) when their keys, values and headers exceed `maxBytes`. */
  append(
    records: readonly NewRecord[],
    { timestampMs, maxBytes }: { timestampMs: number; maxBytes: number },
  ): bigint | undefined {
    const sizeBytes = records.reduce((total, record) => total + sizeOf(record), 0);
    if (sizeBytes > maxBytes) {
      throw new Poison("RECORD_TOO_LARGE", `${records.length} record(s) of ${sizeBytes} bytes, at most ${maxBytes}`);
    }
    const first = this.endOffset;
    for (const { key, value, headers = {} } of records) {
      this.#records.push({ offset: this.endOffset, timestampMs, key, value, headers });
    }
    return records.length === 0 ? undefined : first;
  }

  /** Up to `maxRecords` from `offset` on. */
  read(offset: bigint, maxRecords: number): readonly LogRecord[] {
    const from = Number(offset - this.#startOffset);
    return this.#records.slice(from, from + maxRecords);
  }

  /** Deletes what is before `offset`, as retention does. */
  deleteBefore(offset: bigint): void {
    const count = Number(offset - this.#startOffset);
    if (count <= 0) return;
    this.#records = this.#records.slice(count);
    this.#startOffset = offset;
  }
}

const sizeOf = ({ key, value, headers }: NewRecord): number => {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, values] of Object.entries(headers ?? {})) {
    for (const one of Array.isArray(values) ? values : [values]) size += Buffer.byteLength(name) + (one?.length ?? 0);
  }
  return size;
};
