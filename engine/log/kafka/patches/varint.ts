/** Kafka's variable-length integers: zigzag, then seven bits a byte, the lowest first. */

const zigzag = (value: number): number => (value << 1) ^ (value >> 31);

/** Bytes of a signed 32-bit integer. */
export const sizeOfVarint = (value: number): number => {
  const unsigned = zigzag(value) >>> 0;
  if (unsigned < 0x80) return 1;
  if (unsigned < 0x4000) return 2;
  if (unsigned < 0x20_0000) return 3;
  return unsigned < 0x1000_0000 ? 4 : 5;
};

/** Writes a signed 32-bit integer; answers the offset after it. */
export const putVarint = (target: Uint8Array, start: number, value: number): number => {
  let unsigned = zigzag(value) >>> 0;
  let at = start;
  while (unsigned >= 0x80) {
    target[at] = (unsigned & 0x7f) | 0x80;
    at += 1;
    unsigned >>>= 7;
  }
  target[at] = unsigned;
  return at + 1;
};

const isInt32 = (value: number): boolean => value === (value | 0);

/** Bytes of a signed integer of up to 63 bits. */
export const sizeOfVarlong = (value: number): number => {
  if (isInt32(value)) return sizeOfVarint(value);
  let size = 1;
  for (let rest = zigzag64(value); rest >= 0x80n; rest >>= 7n) size += 1;
  return size;
};

/** Writes a signed integer of up to 63 bits; answers the offset after it. */
export const putVarlong = (target: Uint8Array, start: number, value: number): number => {
  if (isInt32(value)) return putVarint(target, start, value);
  let at = start;
  let rest = zigzag64(value);
  for (; rest >= 0x80n; rest >>= 7n) {
    target[at] = Number(rest & 0x7fn) | 0x80;
    at += 1;
  }
  target[at] = Number(rest);
  return at + 1;
};

const zigzag64 = (value: number): bigint => {
  const long = BigInt(value);
  return BigInt.asUintN(64, (long << 1n) ^ (long >> 63n));
};
