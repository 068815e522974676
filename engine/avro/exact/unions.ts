/**
 * Unions: a value or null is itself, and a choice between types is tagged with the name of its branch. avsc would tell
 * branches apart by what a value looks like, or wrap it in an object whose key is a full name.
 */
import avsc from "avsc";
import { type CopyOptions, type Hooks, hooksOf, shown } from "./tap.ts";

const { NullType, UnwrappedUnionType, WrappedUnionType } = avsc.types;

/** A value of a union of several types: which of them, by the last part of its name, and the value. */
export interface Tagged {
  readonly kind: string;
  readonly value: unknown;
}

interface UnionHooks {
  readonly types: readonly (avsc.Type & Hooks)[];
}

const isNull = (type: avsc.Type): boolean => type instanceof NullType;

/** The type of a union: optional where it is null and one other, and tagged where it is not. */
export const unionType = (schema: readonly unknown[], options: avsc.ForSchemaOptions): avsc.Type => {
  // The erasure line: avsc checks the schemas that it is given.
  const branches = schema as avsc.schema.DefinedType[];
  const nulls = schema.filter((branch) => branch === "null").length;
  return schema.length === 2 && nulls === 1
    ? new ExactOptional(branches, options)
    : new (taggedClass())(branches, options);
};

// Avro has the default of a union be of its first branch, also where the union is inside of a default.
const isOfSchema = (options: CopyOptions | undefined): boolean => options?.coerce === 2 || options?.coerce === 3;

// ---- A value or null ----

class ExactOptional extends UnwrappedUnionType {}
const partsOf = ({ types: [first, second] }: UnionHooks) => {
  if (first === undefined || second === undefined) throw new TypeError("an optional has two branches");
  return isNull(first) ? { nullAt: 0, at: 1, some: second, first } : { nullAt: 1, at: 0, some: first, first };
};
hooksOf(ExactOptional)._write = function (tap, value) {
  const { nullAt, at, some } = partsOf(this as UnionHooks);
  tap.writeLong(value === null ? nullAt : at);
  if (value !== null) some._write(tap, value);
};
hooksOf(ExactOptional)._check = function (value, flags) {
  return value === null || partsOf(this as UnionHooks).some._check(value, flags);
};
hooksOf(ExactOptional)._copy = function (value, options) {
  const { some, first } = partsOf(this as UnionHooks);
  if (isOfSchema(options)) return first._copy(value, options);
  return value === null ? null : some._copy(value, options);
};
hooksOf(ExactOptional)._update = function (resolver, writer, options) {
  // Not by trying both, as avsc does: that would lose why the value cannot be read.
  const { some } = partsOf(this as UnionHooks);
  const inner = isNull(writer) ? undefined : resolverOf(some, writer, options);
  resolver._read = inner === undefined ? () => null : (tap) => inner._read(tap);
};

// ---- Several types ----

// The types of avsc are frozen, so the names that each has are in a class of its own.
const taggedClass = () => {
  let kinds: readonly string[] | undefined;
  const kindsOf = ({ types }: UnionHooks): readonly string[] => {
    kinds ??= types.map(kindOf);
    return kinds;
  };
  const indexOf = (union: UnionHooks, value: unknown): number => {
    const names = kindsOf(union);
    const kind = value === null ? "null" : isTagged(value) ? value.kind : undefined;
    const at = kind === undefined ? -1 : names.indexOf(kind);
    if (at < 0)
      throw new TypeError(`expected { kind, value } with one of ${names.join(", ")}, got ${shown(kind ?? value)}`);
    return at;
  };
  class ExactUnion extends WrappedUnionType {}
  Object.assign(hooksOf(ExactUnion), {
    _read(tap) {
      const union = this as UnionHooks;
      const index = tap.readLong();
      const type = union.types[index];
      const kind = kindsOf(union)[index];
      if (type === undefined || kind === undefined) throw new RangeError(`a union has no branch ${index}`);
      return isNull(type) ? null : { kind, value: type._read(tap) };
    },
    _write(tap, value) {
      const index = indexOf(this as UnionHooks, value);
      tap.writeLong(index);
      if (value !== null) (this as UnionHooks).types[index]?._write(tap, (value as Tagged).value);
    },
    _check(value, flags) {
      const { types } = this as UnionHooks;
      const at = value === null ? kindsOf(this as UnionHooks).indexOf("null") : indexOf(this as UnionHooks, value);
      return at >= 0 && (value === null || types[at]?._check((value as Tagged).value, flags) === true);
    },
    _copy(value, options) {
      const union = this as UnionHooks;
      if (options?.coerce === 2)
        return tagged(union.types[0], kindsOf(union)[0], union.types[0]?._copy(value, options));
      const index = indexOf(union, value);
      const type = union.types[index];
      const inner = value === null ? null : type?._copy((value as Tagged).value, options);
      if (options?.coerce !== 3) return tagged(type, kindsOf(union)[index], inner);
      if (index > 0) throw new TypeError(`a union's default is of its first branch, ${kindsOf(union)[0]}`);
      return inner;
    },
    _update(resolver, writer, options) {
      const { types } = this as UnionHooks;
      // By name first: bytes would be read as text where both are there.
      const same = types.filter((type) => kindOf(type) === kindOf(writer));
      for (const type of [...same, ...types.filter((other) => !same.includes(other))]) {
        const inner = tryResolverOf(type, writer, options);
        if (inner === undefined) continue;
        const kind = kindOf(type);
        resolver._read = isNull(type) ? () => null : (tap) => ({ kind, value: inner._read(tap) });
        return;
      }
    },
  } satisfies Partial<Hooks>);
  return ExactUnion;
};

const tagged = (type: avsc.Type | undefined, kind: string | undefined, value: unknown): unknown =>
  type !== undefined && isNull(type) ? null : { kind, value };

const isTagged = (value: unknown): value is Tagged =>
  typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string" && "value" in value;

/** The last part of a branch's name: `Card` of `payment.v1.Card`, `long` of a moment. */
const kindOf = (type: avsc.Type): string => type.branchName?.split(".").at(-1) ?? type.typeName;

const resolverOf = (reader: avsc.Type, writer: avsc.Type, options: unknown): Hooks => {
  // The options have the resolvers that are being made; avsc declares fewer.
  const resolver: unknown = reader.createResolver(writer, options as never);
  return resolver as Hooks;
};

const tryResolverOf = (reader: avsc.Type, writer: avsc.Type, options: unknown): Hooks | undefined => {
  try {
    return resolverOf(reader, writer, options);
  } catch {
    return undefined;
  }
};
