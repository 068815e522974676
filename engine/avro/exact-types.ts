/**
 * The avsc types that the codec uses: values that avsc would write or read as another value are refused instead.
 * The checks are in the types themselves, so a schema pays only for the types it has, at any depth.
 */
import avsc from "avsc";
import type { AvroJson } from "./avro.ts";

/** What avsc reads from and writes to: bytes and a position. It has no type for it. */
interface Tap {
  readonly buf: Buffer;
  readonly pos: number;
  readonly writeString: (text: string) => void;
}
type Read = (this: unknown, tap: Tap) => unknown;
type Write = (this: unknown, tap: Tap, value: unknown) => void;
/** The methods of avsc's types that are replaced here; they are in every release 5 and missing from its declarations. */
interface Hooks {
  _read: Read;
  _write: Write;
}
// The erasure line: avsc declares these classes without their hooks.
const hooksOf = (type: { readonly prototype: unknown }): Hooks => type.prototype as Hooks;

const { LongType, StringType } = avsc.types;
const { _read: readLong, _write: writeLong } = hooksOf(LongType);
const { _write: writeText } = hooksOf(StringType);

// The zigzag form of a long below -2^52 is an odd number that no double holds: avsc writes and reads another number.
const smallestLong = -(2 ** 52);

class ExactLong extends LongType {}
hooksOf(ExactLong)._write = function (tap, value) {
  if (typeof value === "number" && value < smallestLong) throw new RangeError(`the long ${value} is below -2^52`);
  writeLong.call(this, tap, value);
};
hooksOf(ExactLong)._read = function (tap) {
  const from = tap.pos;
  const value = readLong.call(this, tap);
  // Only from 2^52 on can the sum of the bytes have been rounded, and then the lowest bit is the sign that was lost.
  if (typeof value === "number" && (value >= -smallestLong || value < smallestLong) && isOdd(tap, from))
    throw new RangeError("a long below -2^52 cannot be read exactly");
  return value;
};
// Zigzag: a negative number has its lowest bit set.
const isOdd = ({ buf }: Tap, at: number): boolean => ((buf[at] ?? 0) & 1) === 1;

class ExactString extends StringType {}
hooksOf(ExactString)._write = function (tap, value) {
  if (typeof value !== "string") return writeText.call(this, tap, value);
  const from = tap.pos;
  tap.writeString(value);
  // Half of a pair takes 3 bytes and the length at least 1; ASCII of up to 8,191 characters is shorter and not checked.
  if (tap.pos - from > value.length + 2 && !value.isWellFormed())
    throw new TypeError("the text has half of a surrogate pair");
};

const exactLong = new ExactLong();
const exactString = new ExactString();

// avsc calls this with every schema it is about to make a type of.
const exactType = (schema: unknown): avsc.Type | undefined => {
  const name = typeof schema === "object" && schema !== null && "type" in schema ? schema.type : schema;
  if (name === "long") return exactLong;
  return name === "string" ? exactString : undefined;
};

/**
 * The avsc type of a schema. Logical types stay plain numbers and text: their units are in our types, and a conversion
 * would cost the hot path half its speed.
 * @throws Error of avsc where the schema is not valid Avro.
 */
export const avscType = (schema: AvroJson): avsc.Type =>
  // `AvroJson` is any JSON; avsc checks what it is given.
  avsc.Type.forSchema(schema as avsc.Schema, { typeHook: exactType });
