/** Random bytes by the draw: one of 4 KB takes 5 to 7 us and one of 4 bytes 3 to 4, so small ones share it. */

/** Cryptographically random bytes, as `randomBytes` of node:crypto gives them. */
export type RandomBytes = (sizeBytes: number) => Uint8Array;

const bytesPerDraw = 4_096;

/**
 * Random bytes out of draws of 4 KB. No byte is given twice: each answer is a part of the pool that is its caller's from then on.
 * @throws RangeError for more than 4,096 bytes at once, and where `randomBytes` gives fewer than it was asked for
 */
export const pooledBytes = (randomBytes: RandomBytes): ((sizeBytes: number) => Buffer) => {
  let pool = Buffer.alloc(0);
  let used = 0;
  return (sizeBytes) => {
    if (used + sizeBytes > pool.length) {
      pool = Buffer.from(randomBytes(bytesPerDraw));
      used = 0;
      if (sizeBytes > pool.length) throw new RangeError(`a draw has ${pool.length} bytes, ${sizeBytes} were asked for`);
    }
    used += sizeBytes;
    return pool.subarray(used - sizeBytes, used);
  };
};
