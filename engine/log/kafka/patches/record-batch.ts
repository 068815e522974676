/** Writes the records of one partition as one Kafka record batch (magic 2) into one buffer, sized beforehand. */
import { crc32c } from "./crc32c.ts";
import { putVarint, putVarlong, sizeOfVarint, sizeOfVarlong } from "./varint.ts";

/** Bytes as kafkajs takes them; ours are always buffers or null. */
export type Bytes = Buffer | string | null | undefined;
/** A record as kafkajs hands it to its encoder. */
export interface EncodableRecord {
  readonly key?: Bytes;
  readonly value: Bytes;
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[]>> | undefined;
  /** Epoch ms; the time of encoding where absent. */
  readonly timestamp?: string | number | undefined;
}

/** The producer's side of a batch's header. */
export interface BatchFields {
  /** -1: not idempotent. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly transactional: boolean;
}

/** What is before the records: base offset, length, leader epoch, magic, checksum, attributes, ... record count. */
export const batchHeaderBytes = 61;
const checksumAt = 17;
const attributesAt = 21;
const magic = 2;
const transactionalBit = 16;

/** A batch whose size is known and that waits to be written. */
export interface SizedBatch {
  readonly records: readonly EncodableRecord[];
  /** Body size of each record, without its own length prefix. */
  readonly bodyBytes: Int32Array;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly nowMs: number;
  /** The whole batch, header included. */
  readonly sizeBytes: number;
}

/** Measures a batch. Records without a timestamp get `nowMs`. */
export const sizeBatch = (records: readonly EncodableRecord[], nowMs: number): SizedBatch => {
  const [firstTimestamp, maxTimestamp] = timestampRange(records, nowMs);
  const bodyBytes = new Int32Array(records.length);
  let sizeBytes = batchHeaderBytes;
  let at = 0;
  for (const record of records) {
    const size =
      1 + // attributes
      sizeOfVarlong(timestampOf(record, nowMs) - firstTimestamp) +
      sizeOfVarint(at) +
      sizeOfBytes(record.key) +
      sizeOfBytes(record.value) +
      sizeOfHeaders(record.headers);
    bodyBytes[at] = size;
    sizeBytes += sizeOfVarint(size) + size;
    at += 1;
  }
  return { records, bodyBytes, firstTimestamp, maxTimestamp, nowMs, sizeBytes };
};

/** Writes a measured batch into `target` at `start`; `target` has room for `sizeBytes`. */
export const putBatch = (target: Buffer, start: number, { batch, fields }: BatchToPut): void => {
  let at = start + batchHeaderBytes;
  for (let index = 0; index < batch.records.length; index += 1) at = putRecord(target, at, { batch, index });
  if (at !== start + batch.sizeBytes) {
    throw new RangeError(`a record batch measured ${batch.sizeBytes} bytes, but ${at - start} were written`);
  }
  putHeader(target, start, { batch, fields });
};

interface BatchToPut {
  readonly batch: SizedBatch;
  readonly fields: BatchFields;
}

const putHeader = (target: Buffer, start: number, { batch, fields }: BatchToPut): void => {
  target.writeBigInt64BE(0n, start); // base offset: the broker's to give
  target.writeInt32BE(batch.sizeBytes - 12, start + 8);
  target.writeInt32BE(0, start + 12); // partition leader epoch: kafkajs says 0, brokers do not look
  target.writeInt8(magic, start + 16);
  target.writeInt16BE(fields.transactional ? transactionalBit : 0, start + attributesAt);
  target.writeInt32BE(batch.records.length - 1, start + 23);
  target.writeBigInt64BE(BigInt(batch.firstTimestamp), start + 27);
  target.writeBigInt64BE(BigInt(batch.maxTimestamp), start + 35);
  target.writeBigInt64BE(fields.producerId, start + 43);
  target.writeInt16BE(fields.producerEpoch, start + 51);
  target.writeInt32BE(fields.firstSequence, start + 53);
  target.writeInt32BE(batch.records.length, start + 57);
  target.writeUInt32BE(crc32c(target, start + attributesAt, start + batch.sizeBytes), start + checksumAt);
};

const putRecord = (target: Buffer, start: number, of: { batch: SizedBatch; index: number }): number => {
  const record = of.batch.records[of.index] as EncodableRecord; // the caller's loop stays inside
  let at = putVarint(target, start, of.batch.bodyBytes[of.index] as number);
  target[at] = 0; // attributes
  at = putVarlong(target, at + 1, timestampOf(record, of.batch.nowMs) - of.batch.firstTimestamp);
  at = putVarint(target, at, of.index);
  at = putBytes(target, at, record.key);
  at = putBytes(target, at, record.value);
  return putHeaders(target, at, record.headers);
};

/** kafkajs sorts timestamps as text and so may name the wrong first and last one; here they are compared as numbers. */
const timestampRange = (records: readonly EncodableRecord[], nowMs: number): readonly [number, number] => {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { timestamp } of records) {
    if (timestamp === undefined || timestamp === null) continue;
    first = Math.min(first, Number(timestamp));
    last = Math.max(last, Number(timestamp));
  }
  return first === Number.POSITIVE_INFINITY ? [nowMs, nowMs] : [first, last];
};

const timestampOf = ({ timestamp }: EncodableRecord, nowMs: number): number =>
  timestamp === undefined || timestamp === null ? nowMs : Number(timestamp);

const byteLengthOf = (bytes: Buffer | string): number =>
  typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.length;

const sizeOfBytes = (bytes: Bytes): number => {
  if (bytes === null || bytes === undefined) return 1;
  const length = byteLengthOf(bytes);
  return sizeOfVarint(length) + length;
};

const putBytes = (target: Buffer, start: number, bytes: Bytes): number => {
  if (bytes === null || bytes === undefined) {
    target[start] = 1; // the varint of -1
    return start + 1;
  }
  const length = byteLengthOf(bytes);
  const at = putVarint(target, start, length);
  if (typeof bytes === "string") target.write(bytes, at, length, "utf8");
  else target.set(bytes, at);
  return at + length;
};

const sizeOfHeaders = (headers: EncodableRecord["headers"]): number => {
  if (headers === undefined || headers === null) return 1;
  let size = 0;
  let count = 0;
  for (const name in headers) {
    const values = headers[name];
    const nameBytes = sizeOfBytes(name);
    for (const value of isRepeated(values) ? values : [values]) {
      size += nameBytes + sizeOfBytes(value);
      count += 1;
    }
  }
  return sizeOfVarint(count) + size;
};

const putHeaders = (target: Buffer, start: number, headers: EncodableRecord["headers"]): number => {
  if (headers === undefined || headers === null) {
    target[start] = 0;
    return start + 1;
  }
  let at = putVarint(target, start, countOf(headers));
  for (const name in headers) {
    const values = headers[name];
    for (const value of isRepeated(values) ? values : [values]) {
      at = putBytes(target, putBytes(target, at, name), value);
    }
  }
  return at;
};

const countOf = (headers: NonNullable<EncodableRecord["headers"]>): number => {
  let count = 0;
  for (const name in headers) {
    const values = headers[name];
    count += isRepeated(values) ? values.length : 1;
  }
  return count;
};

const isRepeated = (values: Bytes | readonly Bytes[]): values is readonly Bytes[] => Array.isArray(values);
