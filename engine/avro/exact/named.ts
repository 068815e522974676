/** Records as plain objects, and enums that take only their own symbols. */
import avsc from "avsc";
import { type Hooks, hooksOf, shown, type Tap } from "./tap.ts";

const { ArrayType, EnumType, MapType, RecordType, UnwrappedUnionType, WrappedUnionType } = avsc.types;

/** How deep a value of a recursive type may be: what is deeper would end in a stack that is full, sooner or later. */
export const depthMax = 1_000;

/** The methods that avsc makes for each type of records. */
interface RecordHooks extends Hooks {
  _createConstructor: (this: unknown, stack: unknown, plain: unknown) => { prototype: object };
  _createReader: (this: unknown) => (tap: Tap) => unknown;
  _createSkipper: (this: unknown) => (tap: Tap) => void;
}
const recordHooks = (type: { readonly prototype: unknown }): RecordHooks => type.prototype as RecordHooks;

const { _createConstructor, _createReader, _createSkipper, _update } = recordHooks(RecordType);

/** A record. Its values are plain objects, equal to those that a program writes down. */
export class ExactRecord extends RecordType {}
recordHooks(ExactRecord)._createConstructor = function (stack) {
  const made = _createConstructor.call(this, stack, true);
  made.prototype = Object.prototype;
  return made;
};
recordHooks(ExactRecord)._createReader = function () {
  return inBounds(this as avsc.Type, _createReader.call(this));
};
recordHooks(ExactRecord)._createSkipper = function () {
  return inBounds(this as avsc.Type, _createSkipper.call(this));
};

recordHooks(ExactRecord)._update = function (resolver, writer, options) {
  _update.call(this, resolver, writer, options);
  if (resolver._read !== null) resolver._read = inBounds(this as avsc.Type, resolver._read);
};

/** Counts the depth where the record is in itself: a schema that is not recursive bounds it. */
const inBounds = <T>(type: avsc.Type, read: (tap: Tap) => T): ((tap: Tap) => T) => {
  if (!partsOf(type).some((part) => reaches(part, type, new Set()))) return read;
  return (tap) => {
    const depth = (tap.depth ?? 0) + 1;
    if (depth > depthMax) throw new RangeError(`a value is more than ${depthMax} deep in itself`);
    tap.depth = depth;
    const value = read(tap);
    tap.depth = depth - 1;
    return value;
  };
};

const reaches = (from: avsc.Type, type: avsc.Type, seen: Set<avsc.Type>): boolean => {
  if (from === type) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return partsOf(from).some((part) => reaches(part, type, seen));
};

const partsOf = (type: avsc.Type): readonly avsc.Type[] => {
  // A record that is still being made has no fields yet: it looks for itself when it has.
  if (type instanceof RecordType) return (type.fields ?? []).map((field) => field.type);
  if (type instanceof ArrayType) return [type.itemsType];
  if (type instanceof MapType) return [type.valuesType];
  return type instanceof UnwrappedUnionType || type instanceof WrappedUnionType ? type.types : [];
};

/** An enum. avsc finds `toString` among the symbols of every enum, and a list of one symbol is that symbol to it. */
export class ExactEnum extends EnumType {}
hooksOf(ExactEnum)._write = function (tap, value) {
  const { symbols } = this as avsc.types.EnumType;
  const index = typeof value === "string" ? symbols.indexOf(value) : -1;
  if (index < 0) throw new TypeError(`expected one of ${symbols.join(", ")}, got ${shown(value)}`);
  tap.writeLong(index);
};
hooksOf(ExactEnum)._check = function (value) {
  return typeof value === "string" && (this as avsc.types.EnumType).symbols.includes(value);
};
