/** Avro records declared in TypeScript: one value is the Avro schema and, by inference, the record's type. */
import { checkDistinct, checkFullName, checkName } from "./declare/names.ts";
import { definedOnce } from "./declare/once.ts";
import { checkDefault, takesNoBytes } from "./declare/by-type.ts";
import { InvalidSchema } from "./declare/invalid-schema.ts";
import { precisionMax } from "./exact/decimal.ts";

/** Avro as JSON: a schema document's text, parsed. */
export type AvroJson =
  | string
  | number
  | boolean
  | null
  | readonly AvroJson[]
  | { readonly [key: string]: AvroJson | undefined };

declare const brand: unique symbol;
/** A `Base` that only a cast at the edge can make, so that a user id is never taken for a coupon id. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/**
 * The Avro form of values of type `T`. `Kind` is the last part of its name: what its values are tagged with in a union.
 * Invariant in `T` (by `exactly`, which is never called), so that a sink takes exactly its schema's record.
 */
export interface Schema<T, Kind extends string = string> {
  readonly avro: AvroJson;
  readonly exactly?: (value: T) => T;
  /** Only in the type: never set. */
  readonly kind?: Kind;
}

/** The TypeScript type of a schema's values. */
export type TypeOf<S> = S extends Schema<infer T> ? T : never;

/** A named record: what a topic's values are. */
export interface RecordSchema<T, Kind extends string = string> extends Schema<T, Kind> {
  /** Full name, namespace included: `coupon.v1.CouponIssued`. */
  readonly name: string;
}

/** A field that is more than its type: only a record takes it. */
export interface Field<T> {
  readonly schema: Schema<T>;
  /** As JSON of a schema; absent where there is none. */
  readonly default?: AvroJson;
  /** Names that the field had before. */
  readonly aliases: readonly string[];
}

// A schema is invariant, so no single `Schema<X>` is a supertype of all; `exactly` is optional and only these shapes are read.
type AnySchema = { readonly avro: AvroJson };
type AnyField = { readonly schema: AnySchema; readonly default?: AvroJson; readonly aliases: readonly string[] };
type FieldType<F> = F extends Field<infer T> ? T : TypeOf<F>;

/** The last part of a full name. */
type LastOf<Name extends string> = Name extends `${string}.${infer Rest}` ? LastOf<Rest> : Name;

// ---- Records ----

/**
 * A record with the given fields, in the order written: the order is the order of its bytes. A record may be in a record,
 * and one record in several places.
 * @throws InvalidSchema where a name cannot be one, or two types have one name.
 */
export const record = <const Name extends string, const F extends Readonly<Record<string, AnySchema | AnyField>>>(
  name: Name,
  fields: F,
  more: { readonly aliases?: readonly string[] } = {},
): RecordSchema<{ readonly [K in keyof F]: FieldType<F[K]> }, LastOf<Name>> => {
  checkFullName("a record", name);
  for (const alias of more.aliases ?? []) checkFullName(`an alias of record ${name}`, alias);
  checkDistinct(`record ${name}, with its aliases,`, [name, ...(more.aliases ?? [])]);
  const listed = Object.entries(fields).map(([field, declared]) => fieldAvro(name, field, declared));
  checkDistinct(
    `record ${name}, with its fields' aliases,`,
    listed.flatMap(({ name: field, aliases = [] }) => [field, ...aliases]),
  );
  const dot = name.lastIndexOf(".");
  return {
    name,
    avro: definedOnce({
      type: "record",
      name: name.slice(dot + 1),
      ...(dot < 0 ? {} : { namespace: name.slice(0, dot) }),
      ...(more.aliases === undefined ? {} : { aliases: more.aliases }),
      fields: listed,
    }),
  };
};

const fieldAvro = (record: string, name: string, declared: AnySchema | AnyField) => {
  checkName(`a field of record ${record}`, name);
  const field: AnyField = "avro" in declared ? { schema: declared, aliases: [] } : declared;
  for (const alias of field.aliases) checkName(`an alias of field ${name} of record ${record}`, alias);
  const { avro } = field.schema;
  const aliases = field.aliases.length === 0 ? {} : { aliases: field.aliases };
  if (field.default === undefined) return { name, type: avro, ...(isOptional(avro) && { default: null }), ...aliases };
  // Avro has the default be of a union's first branch.
  const type = isOptional(avro) && field.default !== null ? [...avro.slice(1), "null"] : avro;
  return { name, type, default: field.default, ...aliases };
};

const isOptional = (avro: AvroJson): avro is readonly AvroJson[] => Array.isArray(avro) && avro[0] === "null";

/**
 * A field that a reader gives this value where its writer did not have the field: it may be added to a schema in use.
 * @throws InvalidSchema where the value is not of the field's type, or Avro's JSON cannot say it.
 */
export const withDefault = <T>(schema: Schema<T>, value: NoInfer<T>): Field<T> => ({
  schema,
  default: checkDefault(schema.avro, value),
  aliases: [],
});

/** A field that had other names before: what was written under them is read as this field. */
export const withAliases = <T>(field: Schema<T> | Field<T>, ...aliases: readonly [string, ...string[]]): Field<T> =>
  "avro" in field ? { schema: field, aliases } : { ...field, aliases: [...field.aliases, ...aliases] };

// ---- Text and bytes ----

/** UTF-8 text. */
export const string = <T extends string = string>(): Schema<T, "string"> => ({ avro: "string" });

/** A UUID as its 36 characters: readable in every tool, 37 bytes on the wire. */
export const uuid = <T extends string = string>(): Schema<T, "string"> => ({
  avro: { type: "string", logicalType: "uuid" },
});

/** Bytes, as a Buffer of their own. */
export const bytes = (): Schema<Buffer, "bytes"> => ({ avro: "bytes" });

// ---- Numbers ----

/** True or false. */
export const boolean = (): Schema<boolean, "boolean"> => ({ avro: "boolean" });

/** A 32-bit integer. */
export const int = <T extends number = number>(): Schema<T, "int"> => ({ avro: "int" });

/** An integer from -2^52 to 2^53 - 2: the codec refuses what a double cannot hold. Money is one of these. */
export const long = <T extends number = number>(): Schema<T, "long"> => ({ avro: "long" });

/** A double: what a number of JavaScript is. There is no `float`: 0.1 would be read as 0.10000000149011612. */
export const double = <T extends number = number>(): Schema<T, "double"> => ({ avro: "double" });

/**
 * A decimal as a bigint of its smallest unit: with a scale of 2, 12.30 is `1230n`. `precision` is its digits in all, 1 to
 * 65; `scale` those after the point, 0 to `precision`. A bigint, because it is exact and adds and compares without a
 * library; the scale is the schema's, so a value needs no second number beside it.
 * @throws InvalidSchema for other numbers of digits.
 */
export const decimal = <T extends bigint = bigint>(precision: number, scale: number): Schema<T, "bytes"> => {
  const isWithin = (value: number, from: number, to: number) => Number.isInteger(value) && value >= from && value <= to;
  if (!isWithin(precision, 1, precisionMax) || !isWithin(scale, 0, precision))
    throw new InvalidSchema(
      `decimal(${precision}, ${scale}): expected a precision of 1 to ${precisionMax} and a scale of 0 to the precision`,
    );
  return { avro: { type: "bytes", logicalType: "decimal", precision, scale } };
};

// ---- Time ----

/** A moment: milliseconds since the epoch. */
export const timestampMs = (): Schema<number, "long"> => ({ avro: { type: "long", logicalType: "timestamp-millis" } });

/** A day of the calendar without a time zone: days since 1970-01-01, negative before. */
export const date = <T extends number = number>(): Schema<T, "int"> => ({ avro: { type: "int", logicalType: "date" } });

// ---- Choices ----

/**
 * One of a closed list of names. `name` is the enum's name in the schema's namespace. A name that a later writer adds is
 * read as `default`; without one its record is malformed.
 * @throws InvalidSchema where a name cannot be one, or is there twice.
 */
export const symbols = <const Name extends string, const S extends readonly string[]>(
  name: Name,
  values: S,
  more: { readonly default?: S[number] } = {},
): Schema<S[number], LastOf<Name>> => {
  checkFullName("an enum", name);
  if (values.length === 0) throw new InvalidSchema(`enum ${name} has no symbols`);
  for (const value of values) checkName(`a symbol of enum ${name}`, value);
  checkDistinct(`enum ${name}`, values);
  if (more.default !== undefined && !values.includes(more.default))
    throw new InvalidSchema(`the default of enum ${name} is ${more.default}, expected one of ${values.join(", ")}`);
  return {
    avro: { type: "enum", name, symbols: values, ...(more.default === undefined ? {} : { default: more.default }) },
  };
};

/**
 * A value or null; null is the default, so the field may be added to a schema that is in use.
 * @throws InvalidSchema for what may be null already.
 */
export const optional = <T>(schema: Schema<T>): Schema<T | null> => {
  const { avro } = schema;
  if (isOptional(avro)) throw new InvalidSchema("an optional of an optional: null would be both");
  return { avro: ["null", ...(Array.isArray(avro) ? avro : [avro])] };
};

type BranchesOf<B extends readonly AnySchema[]> = {
  [I in keyof B]: B[I] extends Schema<infer T, infer Kind> ? { readonly kind: Kind; readonly value: T } : never;
}[number];

/**
 * A value of one of several types, tagged with the last part of the type's name, so that it narrows:
 * `{ kind: "Card", value }` of `union(Card, Cash)`, and `long`, `string`, `bytes` ... of the types without a name. The tag
 * is not written; Avro writes the branch's number.
 * @throws InvalidSchema where two branches have one name, or one is a union.
 */
export const union = <const B extends readonly [AnySchema, AnySchema, ...AnySchema[]]>(
  ...branches: B
): Schema<BranchesOf<B>> => {
  if (branches.length < 2) throw new InvalidSchema("a union has one branch, expected two or more");
  const kinds = branches.map(({ avro }) => {
    if (Array.isArray(avro))
      throw new InvalidSchema("a union or an optional is a branch of a union: make the whole optional");
    return kindOf(avro);
  });
  checkDistinct("a union", kinds);
  return { avro: branches.map(({ avro }) => avro) };
};

const kindOf = (avro: AvroJson): string => {
  if (typeof avro !== "object" || avro === null || Array.isArray(avro)) return String(avro);
  const { name, type } = avro as { readonly name?: AvroJson; readonly type?: AvroJson };
  return (
    String(name ?? type)
      .split(".")
      .at(-1) ?? ""
  );
};

// ---- Many ----

/** A list, in order. @throws InvalidSchema where an item takes no bytes: a reader could not tell a long list from an attack. */
export const array = <T>(items: Schema<T>): Schema<readonly T[], "array"> => {
  if (takesNoBytes(items.avro))
    throw new InvalidSchema("the items of an array are records without fields; count them in an int");
  return { avro: { type: "array", items: items.avro } };
};

/** Values by text keys, as a Map: no key is special, and one that is not there is not inherited from Object either. */
export const map = <T>(values: Schema<T>): Schema<ReadonlyMap<string, T>, "map"> => ({
  avro: { type: "map", values: values.avro },
});
