/** Reads the records of one uncompressed record batch (magic 2) without a decoder, a Long or an object per field. */
import type { Headers, HeaderValue, LogRecord } from "../../log.ts";
import type { BatchContext, DecodedMessage } from "../internals.ts";

/** What the records of one batch have in common. */
export interface RecordsContext extends BatchContext {
  readonly firstOffset: bigint;
  /** The same as a number, as near as one is. */
  readonly firstOffsetNumber: number;
  /** Epoch ms. */
  readonly firstTimestampMs: number;
  /** Epoch ms; given where the broker's clock is the timestamp of every record. */
  readonly appendedAt: number | undefined;
}

/** A key of a batch's records: once for all that have it. */
interface BatchKey {
  readonly bytes: Buffer;
  /** The bytes as Latin-1. */
  readonly text: string;
}

/** What the records of one batch share. */
interface SharedByBatch {
  readonly bytes: Buffer;
  readonly context: RecordsContext;
}

/**
 * A record as our listeners and kafkajs's consumer both take it. Thousands wait in a worker's queues and each collection
 * of the young generation copies them, so it is made of places: offset, time and value are made when they are asked for,
 * and a key once for all records of a batch that have it. Measured, with its place in a queue: 166 bytes a record where a
 * batch has one key, 339 where all its keys differ, 434 where every part was an object. Its parts are getters, so a copy
 * by spreading has none of them: whoever is not a worker gets a {@link plainRecord}.
 */
export class FetchedRecord implements LogRecord, DecodedMessage {
  readonly #batch: SharedByBatch;
  readonly #offsetDelta: number;
  readonly #timestampDelta: number;
  readonly #key: BatchKey | null;
  readonly #valueAt: number;
  /** Negative: null. */
  readonly #valueLength: number;
  readonly headers: Headers;
  // Only declared: a field that few records have is not made in all of them.
  declare readonly unreadable?: string;
  declare readonly letGo?: NonNullable<LogRecord["letGo"]>;

  constructor(cursor: Cursor, batch: SharedByBatch, keys: BatchKeys) {
    this.#batch = batch;
    this.#timestampDelta = cursor.varlong();
    this.#offsetDelta = cursor.varint();
    const key = keys.endingAt(cursor.span(), cursor.at);
    const valueLength = cursor.span();
    this.#valueAt = cursor.at - Math.max(0, valueLength);
    const headers = cursor.varint();
    const isRead = headers <= headersMax;
    this.headers = isRead ? readHeaders(cursor, headers) : noHeaders;
    this.#key = isRead ? key : null;
    this.#valueLength = isRead ? valueLength : -1;
    if (!isRead) {
      this.unreadable = `it has ${headers} headers, at most ${headersMax} are read`;
      this.letGo = { keyBytes: key?.bytes.length ?? 0, valueBytes: Math.max(0, valueLength) };
    }
  }

  get batchContext(): RecordsContext {
    return this.#batch.context;
  }

  get offset(): bigint {
    const { firstOffset, firstOffsetNumber } = this.#batch.context;
    const offset = firstOffsetNumber + this.#offsetDelta;
    // A sum of two bigints would be one more of them for each record.
    const isExact = Number.isSafeInteger(firstOffsetNumber) && Number.isSafeInteger(offset);
    return isExact ? BigInt(offset) : firstOffset + BigInt(this.#offsetDelta);
  }

  get timestampMs(): number {
    const { appendedAt, firstTimestampMs } = this.#batch.context;
    return appendedAt ?? firstTimestampMs + this.#timestampDelta;
  }

  get key(): Buffer | null {
    return this.#key === null ? null : this.#key.bytes;
  }

  get keyText(): string | null {
    return this.#key === null ? null : this.#key.text;
  }

  get value(): Buffer | null {
    const at = this.#valueAt;
    return this.#valueLength < 0 ? null : this.#batch.bytes.subarray(at, at + this.#valueLength);
  }

  lookIntoValue<T>(look: (bytes: Buffer, start: number, end: number) => T): T | undefined {
    const at = this.#valueAt;
    return this.#valueLength < 0 ? undefined : look(this.#batch.bytes, at, at + this.#valueLength);
  }

  get sizeBytes(): number {
    return (this.#key === null ? 0 : this.#key.bytes.length) + Math.max(0, this.#valueLength);
  }

  get isControlRecord(): boolean {
    return this.#batch.context.isControlBatch;
  }

  /** As kafkajs names it, for other users of this copy of kafkajs. */
  get timestamp(): string {
    return String(this.timestampMs);
  }
}

/** A record as an object of its own parts, which may be copied and changed. */
export const plainRecord = ({ offset, timestampMs, key, value, headers, unreadable }: LogRecord): LogRecord => ({
  ...{ offset, timestampMs, key, value, headers },
  ...(unreadable === undefined ? {} : { unreadable }),
});

/** What the listener gets of a batch: its records, or one for each offset that cannot be read. */
export type BatchRecord = FetchedRecord | UnreadableRecord;

/** Reads `count` records, each behind its length. Keys and values are views on `bytes`, which they keep alive. */
export const readRecords = (
  bytes: Buffer,
  start: number,
  { count, context }: { readonly count: number; readonly context: RecordsContext },
): FetchedRecord[] => {
  cursor.goTo(bytes, start);
  keys.goTo(bytes);
  const batch = { bytes, context };
  const records = new Array<FetchedRecord>(Math.max(0, count));
  for (let index = 0; index < count; index += 1) {
    const end = cursor.varint() + cursor.at;
    cursor.at += 1; // attributes, unused
    records[index] = new FetchedRecord(cursor, batch, keys);
    cursor.at = end;
  }
  cursor.goTo(noBytes, 0);
  keys.goTo(noBytes);
  return records;
};

/**
 * The same, each record with a copy of its own bytes: one that waits, because its key is held, then keeps no more than itself. Of a
 * batch of 64 MiB a record of 20 bytes would keep all, and count as 20.
 */
export const readRecordsApart = (
  bytes: Buffer,
  { count, context }: { readonly count: number; readonly context: RecordsContext },
): FetchedRecord[] => {
  let at = 0;
  const records = Array.from({ length: Math.max(0, count) }, () => {
    cursor.goTo(bytes, at);
    const length = cursor.varint();
    const start = cursor.at;
    const end = start + length;
    const own = Buffer.from(bytes.subarray(start, end));
    at = end;
    // Behind the attributes, unused.
    cursor.goTo(own, 1);
    keys.goTo(own);
    return new FetchedRecord(cursor, { bytes: own, context }, keys);
  });
  cursor.goTo(noBytes, 0);
  keys.goTo(noBytes);
  return records;
};

/** The different keys of a batch; kept while it is read, and not by its records. */
class BatchKeys {
  #bytes: Buffer = noBytes;
  #known = new Map<string, BatchKey>();

  goTo(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#known = new Map();
  }

  /** The key of this length that ends here; null where the length is negative. */
  endingAt(length: number, end: number): BatchKey | null {
    if (length < 0) return null;
    const start = end - length;
    const text = this.#bytes.toString("latin1", start, end);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const made = { bytes: this.#bytes.subarray(start, end), text };
    this.#known.set(text, made);
    return made;
  }
}

const noBytes = Buffer.alloc(0);
const noHeaders: Headers = Object.freeze({});

/** Headers of one record: more make it unreadable. They take a hundred times as much memory as their three bytes. */
export const headersMax = 1_000;

/** Bytes of the shortest record: its length, attributes, two deltas, a null key and value, no headers. */
const recordMinBytes = 7;
/** Records of one batch; a client that fills a megabyte before it compresses sends 150,000 at most. */
const recordsMax = 250_000;

/** Why so many records are not to be looked for in so many bytes; undefined where they are. */
export const wrongCount = (count: number, sizeBytes: number): string | undefined => {
  if (count > recordsMax) return `it has ${count} records, at most ${recordsMax} are read`;
  return count * recordMinBytes > sizeBytes ? `it says it has ${count} records in ${sizeBytes} bytes` : undefined;
};

/** A record in place of one whose batch cannot be read: its place is known, its key and value are not. */
class UnreadableRecord implements LogRecord, DecodedMessage {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key = null;
  readonly value = null;
  readonly headers = noHeaders;
  readonly batchContext: RecordsContext;
  readonly unreadable: string;

  constructor(offset: bigint, context: RecordsContext, why: string) {
    this.offset = offset;
    this.timestampMs = context.appendedAt ?? context.firstTimestampMs;
    this.batchContext = context;
    this.unreadable = why;
  }

  get isControlRecord(): boolean {
    return false;
  }

  get timestamp(): string {
    return String(this.timestampMs);
  }
}

/** A batch of more offsets than this gets one record, at its last offset: a damaged header may declare two billion. */
const unreadableMax = 100_000;

/** One record for each offset of a batch that cannot be read; `lastDelta` is its last offset minus its first. */
export const unreadableRecords = (context: RecordsContext, lastDelta: number, why: string): UnreadableRecord[] => {
  const last = Math.max(0, lastDelta);
  const from = last < unreadableMax ? 0 : last;
  const { firstOffset } = context;
  const text = `batch of the offsets ${firstOffset} to ${firstOffset + BigInt(last)}: ${why}`;
  return Array.from(
    { length: last - from + 1 },
    (_, index) => new UnreadableRecord(firstOffset + BigInt(from + index), context, text),
  );
};

const readHeaders = (cursor: Cursor, count: number): Headers => {
  if (count <= 0) return noHeaders;
  const headers: Record<string, HeaderValue | HeaderValue[]> = {};
  for (let index = 0; index < count; index += 1) {
    const name = cursor.text();
    const value = cursor.bytes();
    if (!Object.hasOwn(headers, name)) setOwn(headers, name, value);
    else {
      const before = headers[name] as HeaderValue | HeaderValue[]; // own, so present
      if (Array.isArray(before)) before.push(value);
      else setOwn(headers, name, [before, value]);
    }
  }
  return headers;
};

/** A header may be named `__proto__`; assignment would change the object's prototype. */
const setOwn = (
  headers: Record<string, HeaderValue | HeaderValue[]>,
  name: string,
  value: HeaderValue | HeaderValue[],
): void => {
  if (name !== "__proto__") headers[name] = value;
  else Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
};

/** A position in a buffer. */
class Cursor {
  #buffer: Buffer = noBytes;
  at = 0;

  goTo(buffer: Buffer, at: number): void {
    this.#buffer = buffer;
    this.at = at;
  }

  varint(): number {
    const buffer = this.#buffer;
    let byte = buffer[this.at++] as number; // past the end it reads as undefined, which ends every loop here
    let unsigned = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = buffer[this.at++] as number;
      unsigned |= (byte & 0x7f) << shift;
    }
    return (unsigned >>> 1) ^ -(unsigned & 1);
  }

  /** Exact up to 2^53: a delta of timestamps in ms. */
  varlong(): number {
    const buffer = this.#buffer;
    let unsigned = 0;
    let byte = 0x80;
    for (let scale = 1; byte >= 0x80; scale *= 0x80) {
      byte = buffer[this.at++] as number;
      unsigned += (byte & 0x7f) * scale;
    }
    return unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2;
  }

  /** Steps over bytes behind their length, which it answers; negative is null. */
  span(): number {
    const length = this.varint();
    this.at += Math.max(0, length);
    return length;
  }

  bytes(): Buffer | null {
    const length = this.span();
    return length < 0 ? null : this.#buffer.subarray(this.at - length, this.at);
  }

  text(): string {
    const length = this.varint();
    const start = this.at;
    this.at = start + Math.max(0, length);
    return this.#buffer.toString("utf8", start, this.at);
  }
}

/**
 * One of each, which reads one batch at a time: where no object of a class is alive when the whole heap is collected, V8 forgets what
 * its objects look like, and with that all that it has compiled for them.
 */
const cursor = new Cursor();
const keys = new BatchKeys();
