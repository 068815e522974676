/** Exact booleans, numbers, text and bytes: what avsc would write or read as another value is refused. */
import { isUtf8 } from "node:buffer";
import avsc from "avsc";
import { hooksIn, hooksOf, readLength, shown, type Tap } from "./tap.ts";

const { BooleanType, BytesType, DoubleType, IntType, LongType, StringType } = avsc.types;
const { _read: readInt } = hooksOf(IntType);
const { _read: readLong, _write: writeLong } = hooksOf(LongType);
const { _write: writeText } = hooksOf(StringType);
const { _write: writeBytes } = hooksOf(BytesType);
const { _update: resolveDouble } = hooksOf(DoubleType);

// ---- Booleans ----

/** One byte, 0 or 1. Java reads every other byte as false, avsc as true. */
export class ExactBoolean extends BooleanType {}
hooksOf(ExactBoolean)._read = (tap) => {
  const byte = tap.buf[tap.pos++];
  if (byte !== undefined && byte > 1) throw new RangeError(`a boolean is byte ${byte}, expected 0 or 1`);
  return byte === 1;
};

// ---- Integers ----

/** 32 bits. */
export class ExactInt extends IntType {}
hooksOf(ExactInt)._read = function (tap) {
  const value = readInt.call(this, tap);
  if (value !== Number(value) >> 0) throw new RangeError(`the int ${value} has more than 32 bits`);
  return value;
};

// The zigzag form of a long below -2^52 is an odd number that no double holds: avsc writes and reads another number.
const smallestLong = -(2 ** 52);

/** An integer from -2^52 to 2^53 - 2. */
export class ExactLong extends LongType {}
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

const plainLong = new ExactLong();

/** A double. What was written as a long is read where a double holds it. */
export class ExactDouble extends DoubleType {}
hooksOf(ExactDouble)._update = function (resolver, writer, options) {
  // avsc reads the long without looking whether it was rounded.
  if (writer instanceof LongType) resolver._read = hooksIn(plainLong)._read;
  else resolveDouble.call(this, resolver, writer, options);
};

// ---- Text and bytes ----

/** UTF-8 text: bytes that are none would all become U+FFFD, and two users one. */
export class ExactString extends StringType {}
hooksOf(ExactString)._write = function (tap, value) {
  if (typeof value !== "string") return writeText.call(this, tap, value);
  writeExactText(tap, value);
};
hooksOf(ExactString)._read = (tap) => readExactText(tap);

/** @throws TypeError where the text has half of a surrogate pair. */
export const writeExactText = (tap: Tap, text: string): void => {
  if (text.length <= shortText && writeAscii(tap, text)) return;
  const from = tap.pos;
  tap.writeString(text);
  // Half of a pair takes 3 bytes and the length at least 1; ASCII of up to 8,191 characters is shorter and not checked.
  if (tap.pos - from > text.length + 2 && !text.isWellFormed())
    throw new TypeError("the text has half of a surrogate pair");
};

/** Characters of which a length, as Avro writes it, is one byte. */
const shortText = 63;

/**
 * Writes short ASCII, which ids are: a third of what avsc takes, which counts the bytes first. False, and nothing is written, where
 * it is no ASCII or does not fit: that is avsc's to write.
 */
const writeAscii = (tap: Tap, text: string): boolean => {
  const { buf, pos } = tap;
  const end = pos + 1 + text.length;
  if (end > buf.length) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return false;
    buf[pos + 1 + at] = code;
  }
  buf[pos] = text.length * 2;
  tap.pos = end;
  return true;
};

/** @throws RangeError where there are fewer bytes than it says. @throws TypeError where they are no UTF-8. */
export const readExactText = (tap: Tap): string => {
  const length = readLength(tap, "a string");
  const from = tap.pos;
  tap.pos = from + length;
  const text = tap.buf.utf8Slice(from, tap.pos);
  // Only what was not decoded, or a U+FFFD that is meant, has this character; ASCII is not even searched for it.
  if (text.includes("\ufffd") && !isUtf8(tap.buf.subarray(from, tap.pos))) throw new TypeError("a string is not UTF-8");
  return text;
};

/** Bytes, as a Buffer of their own. */
export class ExactBytes extends BytesType {}
hooksOf(ExactBytes)._write = function (tap, value) {
  if (!Buffer.isBuffer(value)) throw new TypeError(`bytes are a Buffer, got ${shown(value)}`);
  writeBytes.call(this, tap, value);
};
hooksOf(ExactBytes)._read = (tap) => readExactBytes(tap);

/** A copy, so that a value does not keep the batch it came in. @throws RangeError where there are fewer than it says */
export const readExactBytes = (tap: Tap): Buffer => {
  const length = readLength(tap, "a value of bytes");
  const from = tap.pos;
  tap.pos = from + length;
  return Buffer.from(tap.buf.subarray(from, tap.pos));
};
