/**
 * Replaces src/protocol/requests/fetch/v4/decodeMessages.js, which v4 to v11 go through: it makes a decoder, several
 * Longs and a copied headers object for every record, and passes all records of a batch as arguments of one call.
 * Records are what the listener gets: offsets as bigint, timestamps as numbers.
 */
import { Fatal } from "../../../errors.ts";
import { type BatchCodec, codecOf, decompressedMaxBytes } from "../codecs/codecs.ts";
import type { Decoder } from "../internals.ts";
import { crc32c } from "./crc32c.ts";
import {
  type BatchRecord,
  type RecordsContext,
  readRecords,
  readRecordsApart,
  unreadableRecords,
  wrongCount,
} from "./fetched-records.ts";
import { batchHeaderBytes } from "./record-batch.ts";
import { definePatch } from "./patch.ts";

const magicAt = 16;
const magic = 2;
const lastDeltaAt = 23;
/** Base offset and length: what is before the bytes that `length` counts. */
const lengthPrefixBytes = 12;
const logAppendTimeBit = 0x8;
const transactionalBit = 0x10;
const controlBit = 0x20;

/**
 * What the batches of one response may become together, bytes, before no further one of them is decompressed: what is left comes with
 * the next fetch. 640 KB of zstd, which are one partition's part of a response, could otherwise become 10 GB at once. The last one
 * may go beyond it, so at most this and {@link decompressedMaxBytes} are there at once; what compresses to a twentieth stays below it.
 */
export const decompressedAtOnceBytes = 32 * 1024 * 1024;

/** The records of a batch that became no more than this share its bytes, which is faster; a plain one has a megabyte. */
const sharedMaxBytes = 4 * 1024 * 1024;

/** What has been decompressed of the response that a decoder reads; its partitions are read one after the other. */
const decompressed = new WeakMap<Decoder, number>();

/** Plain loops over the response's buffer. Records older than magic 2 stay with kafkajs. */
export const decodeMessagesPatch = definePatch({
  file: "src/protocol/requests/fetch/v4/decodeMessages.js",
  sha256: "d9fede59bebf84ee15169d0ecc54df594a11722b6ba8d5db535ed1d8548d4fcc",
  replace: (original) => async (decoder) => {
    const start = decoder.offset;
    const bytes = recordsOf(decoder);
    if (bytes === null) return [];
    if (bytes.length > magicAt && bytes.readInt8(magicAt) !== magic) {
      decoder.offset = start;
      return original(decoder);
    }
    return decodeBatches(bytes, decoder);
  },
});

const recordsOf = (decoder: Decoder): Buffer | null => {
  const sizeBytes = decoder.readInt32();
  return sizeBytes <= 0 || !decoder.canReadBytes(sizeBytes) ? null : decoder.readBytes(sizeBytes);
};

/** The last batch may be cut short by the fetch's limit: what is cut, or is too much at once, comes whole with the next fetch. */
const decodeBatches = async (bytes: Buffer, response: Decoder): Promise<readonly BatchRecord[]> => {
  const batches: BatchRecord[][] = [];
  let at = 0;
  while (bytes.length - at >= batchHeaderBytes) {
    const end = at + lengthPrefixBytes + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const codec = codecOf(bytes.readInt16BE(at + 21));
    if (codec !== null && (decompressed.get(response) ?? 0) >= decompressedAtOnceBytes) break;
    const of = { count: bytes.readInt32BE(at + 57), context: contextOf(bytes, at) };
    const batch = bytes.subarray(at, end);
    batches.push(codec === null ? readPlain(batch, of) : await readCompressed(batch, { ...of, codec, response }));
    at = end;
  }
  return batches.length === 1 ? (batches[0] ?? []) : batches.flat();
};

interface Counted {
  readonly count: number;
  readonly context: RecordsContext;
}

interface Compressed extends Counted {
  readonly codec: BatchCodec;
  readonly response: Decoder;
}

const readPlain = (batch: Buffer, of: Counted): BatchRecord[] => {
  const wrong = wrongCount(of.count, batch.length - batchHeaderBytes);
  if (wrong !== undefined) return unreadableRecords(of.context, batch.readInt32BE(lastDeltaAt), wrong);
  return readRecords(batch, batchHeaderBytes, of);
};

/**
 * A batch that cannot be read never becomes readable, and failing the fetch would stop every partition of it: each of its
 * offsets gets a record that says why it has no value. The checksum is verified because lz4js reads none.
 */
const readCompressed = async (batch: Buffer, { codec, response, ...of }: Compressed): Promise<BatchRecord[]> => {
  const { name, decompress } = codec;
  let becameBytes = 0;
  try {
    if (crc32c(batch, 21, batch.length) !== batch.readUInt32BE(17)) throw new Error("its checksum is wrong");
    // What fails from here on may have become as much as is allowed before it did.
    becameBytes = decompressedMaxBytes;
    const records = await decompress(batch.subarray(batchHeaderBytes), decompressedMaxBytes);
    becameBytes = records.length;
    const wrong = wrongCount(of.count, records.length);
    if (wrong !== undefined) throw new RangeError(wrong);
    return records.length > sharedMaxBytes ? readRecordsApart(records, of) : readRecords(records, 0, of);
  } catch (error) {
    if (error instanceof Fatal) throw error;
    const why = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    return unreadableRecords(of.context, batch.readInt32BE(lastDeltaAt), why);
  } finally {
    decompressed.set(response, (decompressed.get(response) ?? 0) + becameBytes);
  }
};

const contextOf = (bytes: Buffer, at: number): RecordsContext => {
  const attributes = bytes.readInt16BE(at + 21);
  const firstOffset = bytes.readBigInt64BE(at);
  return {
    firstOffset,
    firstOffsetNumber: Number(firstOffset),
    firstTimestampMs: Number(bytes.readBigInt64BE(at + 27)),
    appendedAt: attributes & logAppendTimeBit ? Number(bytes.readBigInt64BE(at + 35)) : undefined,
    producerId: bytes.readBigInt64BE(at + 43).toString(),
    inTransaction: (attributes & transactionalBit) !== 0,
    isControlBatch: (attributes & controlBit) !== 0,
  };
};
