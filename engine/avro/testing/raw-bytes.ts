/** Bytes of Avro by hand, as any other writer, or nobody's, would write them. */

/** The zigzag bytes of any 64-bit integer. */
export const rawLong = (value: bigint | number): Buffer => {
  const wide = BigInt(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
};

/** Text or bytes behind their length. */
export const rawBytes = (of: string | Buffer): Buffer => {
  const bytes = Buffer.from(of);
  return Buffer.concat([rawLong(bytes.length), bytes]);
};

/** Integers and bytes, one after the other. */
export const raw = (...parts: readonly (bigint | number | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : rawLong(part))));
