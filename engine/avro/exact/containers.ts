/**
 * Arrays and maps whose counts are bounded by the bytes that are there before they are believed: avsc loops as often as a
 * record of ten bytes says. The least that an item takes is the writer's, because it is the writer's bytes that are read.
 */
import avsc from "avsc";
import { readExactText, writeExactText } from "./primitives.ts";
import { bytesLeft, type Hooks, hooksOf, readLength, shown, type Tap } from "./tap.ts";

const { ArrayType, MapType } = avsc.types;
const { _update: resolveArray } = hooksOf(ArrayType);

/** Items of one record that take no bytes (nulls, records without fields): 1,000 in all, because nothing else bounds them. */
export const emptyItemsMax = 1_000;

/** What `_read` is called on: an array or map, or a resolver of one, which has the `size` that was set here. */
interface Reading {
  readonly itemsType: Hooks & avsc.Type;
  readonly valuesType: Hooks & avsc.Type;
  readonly size?: number;
}

/** An array. */
export class ExactArray extends ArrayType {}
hooksOf(ExactArray)._read = function (tap) {
  const { itemsType, size = leastBytes(itemsType) } = this as Reading;
  const items: unknown[] = [];
  readBlocks(tap, size, () => items.push(itemsType._read(tap)));
  return items;
};
hooksOf(ExactArray)._skip = function (tap) {
  const { itemsType } = this as Reading;
  skipBlocks(tap, leastBytes(itemsType), () => itemsType._skip(tap));
};
hooksOf(ExactArray)._update = function (resolver, writer, options) {
  resolveArray.call(this, resolver, writer, options);
  if (writer instanceof ArrayType) resolver.size = leastBytes(writer.itemsType);
};

// An entry of a map has a key, and a key has a length: 1 byte at least.
const leastEntry = 1;

/** A map, as a Map of JavaScript: no key is special, and a key that is not there is not inherited either. */
export class ExactMap extends MapType {}
hooksOf(ExactMap)._read = function (tap) {
  const { valuesType } = this as Reading;
  const entries = new Map<string, unknown>();
  readBlocks(tap, leastEntry, () => {
    const key = readExactText(tap);
    if (entries.has(key)) throw new TypeError(`a map has the key ${shown(key)} twice`);
    entries.set(key, valuesType._read(tap));
  });
  return entries;
};
hooksOf(ExactMap)._skip = function (tap) {
  const { valuesType } = this as Reading;
  skipBlocks(tap, leastEntry, () => {
    const length = readLength(tap, "a key");
    tap.pos += length;
    valuesType._skip(tap);
  });
};
hooksOf(ExactMap)._write = function (tap, value) {
  if (!(value instanceof Map)) throw new TypeError(`a map is a Map, got ${shown(value)}`);
  const { valuesType } = this as Reading;
  if (value.size > 0) {
    tap.writeLong(value.size);
    for (const [key, entry] of value) {
      if (typeof key !== "string") throw new TypeError(`a key of a map is text, got ${shown(key)}`);
      writeExactText(tap, key);
      valuesType._write(tap, entry);
    }
  }
  tap.writeLong(0);
};
hooksOf(ExactMap)._check = function (value, flags) {
  const { valuesType } = this as Reading;
  return value instanceof Map && [...value.values()].every((entry) => valuesType._check(entry, flags));
};
hooksOf(ExactMap)._copy = function (value, options) {
  const { valuesType } = this as Reading;
  // A default in a schema is an object of JSON.
  const entries: Iterable<readonly [string, unknown]> = value instanceof Map ? value : Object.entries(value ?? {});
  const copied = [...entries].map(([key, entry]) => [key, valuesType._copy(entry, options)] as const);
  return options?.coerce === 3 ? Object.fromEntries(copied) : new Map(copied);
};
// ---- Blocks ----

const readBlocks = (tap: Tap, least: number, readItem: () => void): void => {
  for (let block = blockOf(tap, least); block.count > 0; block = blockOf(tap, least)) {
    for (let left = block.count; left > 0; left--) {
      if (!(bytesLeft(tap) >= least)) throw new RangeError("truncated in a block of items");
      readItem();
    }
    // Who skips the block by its size would go on somewhere else than who reads it.
    if (block.end !== undefined && block.end !== tap.pos)
      throw new RangeError("a block does not have the size it says");
  }
};

const skipBlocks = (tap: Tap, least: number, skipItem: () => void): void => {
  for (let block = blockOf(tap, least); block.count > 0; block = blockOf(tap, least)) {
    if (block.end !== undefined) tap.pos = block.end;
    else if (least > 0)
      for (let left = block.count; left > 0; left--) {
        if (!(bytesLeft(tap) >= least)) throw new RangeError("truncated in a block of items");
        skipItem();
      }
  }
};

interface Block {
  /** 0 ends the array or map. */
  readonly count: number;
  /** Where the block ends, where it says so. */
  readonly end: number | undefined;
}

const lastBlock: Block = { count: 0, end: undefined };

/** @throws RangeError where there cannot be so many items. */
const blockOf = (tap: Tap, least: number): Block => {
  const said = tap.readLong();
  if (said === 0) return lastBlock;
  const count = Math.abs(said);
  const size = said < 0 ? tap.readLong() : undefined;
  const left = bytesLeft(tap);
  if (size !== undefined && !(size >= 0 && size <= left))
    throw new RangeError(`a block says it has ${size} bytes, ${left} are left`);
  if (least === 0) return { count: emptyItems(tap, count), end: endOf(tap, size) };
  // Also where the count is no number: too many bytes make it one.
  if (!(count * least <= (size ?? left)))
    throw new RangeError(`truncated: a block says it has ${count} items, ${left} bytes are left`);
  return { count, end: endOf(tap, size) };
};

const endOf = (tap: Tap, size: number | undefined): number | undefined =>
  size === undefined ? undefined : tap.pos + size;

const emptyItems = (tap: Tap, count: number): number => {
  const all = (tap.emptyItems ?? 0) + count;
  if (!(all <= emptyItemsMax))
    throw new RangeError(`${all} items that take no bytes, expected ${emptyItemsMax} at most`);
  tap.emptyItems = all;
  return count;
};

// ---- The least bytes of a value ----

const least = new WeakMap<avsc.Type, number>();

/** The least bytes that a value of a type takes, or fewer; 0 only where a value may take none. */
export const leastBytes = (type: avsc.Type): number => {
  const known = least.get(type);
  if (known !== undefined) return known;
  // A record that has itself as a field has no value at all, and would be looked into for ever.
  least.set(type, 0);
  const bytes = computeLeast(type);
  least.set(type, bytes);
  return bytes;
};

const { DoubleType, FixedType, FloatType, NullType, RecordType } = avsc.types;

const computeLeast = (type: avsc.Type): number => {
  if (type instanceof NullType) return 0;
  if (type instanceof FloatType) return 4;
  if (type instanceof DoubleType) return 8;
  if (type instanceof FixedType) return type.size;
  if (type instanceof RecordType) return type.fields.reduce((sum, field) => sum + leastBytes(field.type), 0);
  // A number, a length, a count or an index. Not looked into: what is in itself is so through one of these.
  return 1;
};
