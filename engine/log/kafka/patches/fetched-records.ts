/** Reads the records of one uncompressed record batch (magic 2) without a decoder, a Long or an object per field. */
import type { Headers, HeaderValue, LogRecord } from "../../log.ts";
import type { BatchContext, DecodedMessage } from "../internals.ts";

/** What the records of one batch have in common. */
export interface RecordsContext extends BatchContext {
  readonly firstOffset: bigint;
  /** Epoch ms. */
  readonly firstTimestampMs: number;
  /** Epoch ms; given where the broker's clock is the timestamp of every record. */
  readonly appendedAt: number | undefined;
}

/** A record as our listeners and kafkajs's consumer both take it. */
export class FetchedRecord implements LogRecord, DecodedMessage {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly batchContext: RecordsContext;

  constructor(cursor: Cursor, context: RecordsContext) {
    const delta = cursor.varlong();
    this.timestampMs = context.appendedAt ?? context.firstTimestampMs + delta;
    this.offset = context.firstOffset + BigInt(cursor.varint());
    this.key = cursor.bytes();
    this.value = cursor.bytes();
    this.headers = readHeaders(cursor);
    this.batchContext = context;
  }

  get isControlRecord(): boolean {
    return this.batchContext.isControlBatch;
  }

  /** As kafkajs names it, for other users of this copy of kafkajs. */
  get timestamp(): string {
    return String(this.timestampMs);
  }
}

/** Reads `count` records, each behind its length. Keys and values are views on `bytes`, which they keep alive. */
export const readRecords = (
  bytes: Buffer,
  start: number,
  { count, context }: { readonly count: number; readonly context: RecordsContext },
): FetchedRecord[] => {
  const cursor = new Cursor(bytes, start);
  const records = new Array<FetchedRecord>(Math.max(0, count));
  for (let index = 0; index < count; index += 1) {
    const end = cursor.varint() + cursor.at;
    cursor.at += 1; // attributes, unused
    records[index] = new FetchedRecord(cursor, context);
    cursor.at = end;
  }
  return records;
};

const noHeaders: Headers = Object.freeze({});

/** A record in place of one whose batch cannot be read: its place is known, its key and value are not. */
class UnreadableRecord implements FetchedRecord {
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
export const unreadableRecords = (context: RecordsContext, lastDelta: number, why: string): FetchedRecord[] => {
  const last = Math.max(0, lastDelta);
  const from = last < unreadableMax ? 0 : last;
  const { firstOffset } = context;
  const text = `batch of the offsets ${firstOffset} to ${firstOffset + BigInt(last)}: ${why}`;
  return Array.from(
    { length: last - from + 1 },
    (_, index) => new UnreadableRecord(firstOffset + BigInt(from + index), context, text),
  );
};

const readHeaders = (cursor: Cursor): Headers => {
  const count = cursor.varint();
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
  readonly #buffer: Buffer;
  at: number;

  constructor(buffer: Buffer, at: number) {
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

  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at = start + length;
    return this.#buffer.subarray(start, this.at);
  }

  text(): string {
    const length = this.varint();
    const start = this.at;
    this.at = start + Math.max(0, length);
    return this.#buffer.toString("utf8", start, this.at);
  }
}
