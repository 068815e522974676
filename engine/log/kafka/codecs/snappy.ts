/** Snappy as Kafka has it: raw, or in the blocks of Java's snappy library (xerial), which brokers and Java clients write. */
import { loadedOnce } from "./loaded-once.ts";

interface SnappyJs {
  /** Throws on wrong bytes, and when the length they declare is above `maxLength`. */
  readonly uncompress: (bytes: Buffer, maxLength: number) => Buffer;
}
const snappyjs = loadedOnce<SnappyJs>("snappyjs");

/** https://github.com/xerial/snappy-java, SnappyCodec: magic, then two int32 versions, then blocks behind their int32 length. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;

/**
 * Decompresses both forms.
 * @throws Error when the bytes are wrong or become more than `maxBytes`.
 * @throws Fatal (CODEC_MISSING)
 */
export const snappyDecompress = (bytes: Buffer, maxBytes: number): Buffer => {
  const { uncompress } = snappyjs();
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return uncompress(bytes, maxBytes);
  const blocks: Buffer[] = [];
  let left = maxBytes;
  for (let at = xerialHeaderBytes; at < bytes.length; ) {
    const start = at + 4;
    const end = start + bytes.readInt32BE(at);
    if (end <= start || end > bytes.length) throw new Error(`a block of ${end - start} bytes at ${at}`);
    const block = uncompress(bytes.subarray(start, end), left);
    blocks.push(block);
    left -= block.length;
    at = end;
  }
  return Buffer.concat(blocks);
};
