/** Decimals as bigints of their smallest unit: 12.30 with a scale of 2 is 1230n. */
import avsc from "avsc";
import { readExactBytes } from "./primitives.ts";
import { hooksOf, shown } from "./tap.ts";

const { BytesType } = avsc.types;

/** What a schema says of a decimal: digits in all, and after the point. */
export interface DecimalShape {
  readonly precision: number;
  readonly scale: number;
}

/** Most digits: what MariaDB and MySQL keep. */
export const precisionMax = 65;
// 65 digits take 28 bytes; some writers pad to a multiple of 8, as of a 256-bit integer.
const bytesMax = 32;

const shapes = new WeakMap<avsc.Type, DecimalShape>();

/** Whether a schema's attributes are those of a decimal that can be read; where not, Avro has it read as plain bytes. */
export const isDecimalShape = (schema: { readonly precision?: unknown; readonly scale?: unknown }): boolean => {
  const { precision, scale = 0 } = schema;
  if (!Number.isInteger(precision) || !Number.isInteger(scale)) return false;
  return (
    Number(precision) >= 1 &&
    Number(precision) <= precisionMax &&
    Number(scale) >= 0 &&
    Number(scale) <= Number(precision)
  );
};

/** A type of decimals. */
export const decimalType = (shape: DecimalShape): avsc.Type => {
  const type = new (decimalClass(shape))();
  shapes.set(type, shape);
  return type;
};

// The types of avsc are frozen, so what each needs is in a class of its own.
const decimalClass = ({ precision, scale }: DecimalShape): (new () => avsc.Type) => {
  const limit = 10n ** BigInt(precision);
  const checked = (value: bigint): bigint => {
    if (value >= limit || value <= -limit)
      throw new RangeError(`the decimal ${shown(value)} has more than ${precision} digits`);
    return value;
  };
  class ExactDecimal extends BytesType {}
  Object.assign(hooksOf(ExactDecimal), {
    _read: (tap) => checked(fromBytes(readExactBytes(tap))),
    _write: (tap, value) => {
      if (typeof value !== "bigint") throw new TypeError(`a decimal is a bigint, got ${shown(value)}`);
      tap.writeBytes(toBytes(checked(value)));
    },
    _check: (value) => typeof value === "bigint" && value < limit && value > -limit,
    _copy: (value, options) => {
      // In a schema's JSON bytes are text of a character each.
      if (options?.coerce === 2) return checked(fromBytes(Buffer.from(String(value), "latin1")));
      if (typeof value !== "bigint") throw new TypeError(`a decimal is a bigint, got ${shown(value)}`);
      return options?.coerce === 3 ? toBytes(checked(value)).toString("latin1") : checked(value);
    },
    _update: (resolver, writer) => {
      const written = shapes.get(writer);
      // Also for plain bytes: where the point was is not known.
      if (written === undefined) return;
      if (written.scale !== scale || written.precision > precision)
        throw new TypeError(
          `decimal(${written.precision}, ${written.scale}) cannot be read as decimal(${precision}, ${scale})`,
        );
      resolver._read = hooksOf(ExactDecimal)._read;
    },
  } satisfies Partial<ReturnType<typeof hooksOf>>);
  return ExactDecimal;
};

/** The shortest two's complement, the highest byte first. */
const toBytes = (value: bigint): Buffer => {
  // A negative number has as many bits as its complement.
  const bits = (value < 0n ? ~value : value).toString(2).length + 1;
  const bytes = Math.ceil((value === 0n || value === -1n ? 1 : bits) / 8);
  const hex = BigInt.asUintN(8 * bytes, value).toString(16);
  return Buffer.from(hex.padStart(2 * bytes, "0"), "hex");
};

const fromBytes = (bytes: Buffer): bigint => {
  if (bytes.length === 0 || bytes.length > bytesMax)
    throw new RangeError(`a decimal has ${bytes.length} bytes, expected 1 to ${bytesMax}`);
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString("hex")}`));
};
