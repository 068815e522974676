/** Decompresses the records of a batch, by the codec that its attributes name. kafkajs itself reads only gzip. */
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { lz4Decompress } from "./lz4.ts";
import { snappyDecompress } from "./snappy.ts";

/**
 * How many bytes a batch may have after decompression: 64 MiB. A broker bounds the compressed size only (1 MiB unless
 * configured), and a few kilobytes of zstd can become gigabytes.
 */
export const decompressedMaxBytes = 64 * 1024 * 1024;

/** A codec's name and its reading half, which throws when the bytes are wrong or become more than `maxBytes`. */
export interface BatchCodec {
  readonly name: string;
  readonly decompress: (bytes: Buffer, maxBytes: number) => Promise<Buffer>;
}

const gunzipAsync = promisify(gunzip);
const zstdAsync = promisify(zstdDecompress);

/** By the lowest three bits of a batch's attributes: https://kafka.apache.org/documentation/#recordbatch */
const codecs: ReadonlyMap<number, BatchCodec> = new Map([
  [1, { name: "gzip", decompress: (bytes, maxBytes) => gunzipAsync(bytes, { maxOutputLength: maxBytes }) }],
  [2, { name: "snappy", decompress: async (bytes, maxBytes) => snappyDecompress(bytes, maxBytes) }],
  [3, { name: "lz4", decompress: async (bytes, maxBytes) => lz4Decompress(bytes, maxBytes) }],
  [4, { name: "zstd", decompress: (bytes, maxBytes) => zstdAsync(bytes, { maxOutputLength: maxBytes }) }],
]);

const codecMask = 0x7;

/** The codec of a batch with these attributes: null when it is not compressed. A number that Kafka has not assigned gets a codec that refuses. */
export const codecOf = (attributes: number): BatchCodec | null => {
  const id = attributes & codecMask;
  if (id === 0) return null;
  return codecs.get(id) ?? { name: `codec ${id}`, decompress: () => Promise.reject(new Error("it is not known")) };
};
