/** Which partition a key belongs to: murmur2 as the Java client computes it, so that both put a key in one place. */

const multiplier = 0x5bd1e995;
const seed = 0x9747b28c;

/** The 32-bit murmur2 of the Java client (org.apache.kafka.common.utils.Utils); signed. */
export const murmur2 = (bytes: Uint8Array): number => {
  const words = bytes.length >>> 2;
  let hash = seed ^ bytes.length;
  for (let word = 0; word < words; word += 1) {
    const at = word * 4;
    const k = Math.imul(
      byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24),
      multiplier,
    );
    hash = Math.imul(hash, multiplier) ^ Math.imul(k ^ (k >>> 24), multiplier);
  }
  const rest = words * 4;
  const left = bytes.length - rest;
  if (left === 3) hash ^= byte(bytes, rest + 2) << 16;
  if (left >= 2) hash ^= byte(bytes, rest + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ byte(bytes, rest), multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
};

const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** The partition of a key among `count`; the sign bit is dropped, as the Java client does. */
export const partitionOfKey = (key: Uint8Array, count: number): number => (murmur2(key) & 0x7fffffff) % count;
