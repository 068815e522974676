/** LZ4 frames, which brokers and clients write for magic 2. */
import { loadedOnce } from "./loaded-once.ts";

interface Lz4Js {
  /** What the frame can have at most, by its count of blocks. Throws when the bytes begin no frame. */
  readonly decompressBound: (frame: Buffer) => number;
  /** Answers the length; bytes beyond the target's end are not written, and no error says so. */
  readonly decompressFrame: (frame: Buffer, target: Buffer) => number;
}
const lz4js = loadedOnce<Lz4Js>("lz4js");

/**
 * Decompresses one frame. Its checksums are not read: a batch has its own.
 * @throws Error when the bytes are no frame or become more than `maxBytes`.
 * @throws Fatal (CODEC_MISSING)
 */
export const lz4Decompress = (frame: Buffer, maxBytes: number): Buffer => {
  const { decompressBound, decompressFrame } = lz4js();
  const bound = decompressBound(frame);
  const target = Buffer.alloc(Math.min(maxBytes, Math.max(0, bound)));
  const length = decompressFrame(frame, target);
  if (length > target.length) throw new Error(`more than ${target.length} bytes when decompressed`);
  return target.subarray(0, length);
};
