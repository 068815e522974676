/** Avro records declared in TypeScript: one value is the Avro schema and, by inference, the record's type. */

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
 * The Avro form of values of type `T`.
 * Invariant in `T` (by `exactly`, which is never called), so that a sink takes exactly its schema's record.
 */
export interface Schema<T> {
  readonly avro: AvroJson;
  readonly exactly?: (value: T) => T;
}

/** The TypeScript type of a schema's values. */
export type TypeOf<S> = S extends Schema<infer T> ? T : never;

/** A named record: what a topic's values are. */
export interface RecordSchema<T> extends Schema<T> {
  /** Full name, namespace included: `coupon.v1.CouponIssued`. */
  readonly name: string;
}

// A schema is invariant, so no single `Schema<X>` is a supertype of all; `exactly` is optional and only this shape is read.
type AnyField = { readonly avro: AvroJson };

/** A record with the given fields, in the order written: the order is the order of its bytes. */
export const record = <const F extends Readonly<Record<string, AnyField>>>(
  name: string,
  fields: F,
): RecordSchema<{ readonly [K in keyof F]: TypeOf<F[K]> }> => ({ name, avro: recordAvro(name, fields) });

const recordAvro = (name: string, fields: Readonly<Record<string, AnyField>>): AvroJson => {
  const dot = name.lastIndexOf(".");
  return {
    type: "record",
    name: name.slice(dot + 1),
    ...(dot < 0 ? {} : { namespace: name.slice(0, dot) }),
    fields: Object.entries(fields).map(([field, { avro }]) =>
      isOptional(avro) ? { name: field, type: avro, default: null } : { name: field, type: avro },
    ),
  };
};

const isOptional = (avro: AvroJson): boolean => Array.isArray(avro) && avro[0] === "null";

/** UTF-8 text. */
export const string = <T extends string = string>(): Schema<T> => ({ avro: "string" });

/** A UUID as its 36 characters: readable in every tool, 37 bytes on the wire. */
export const uuid = <T extends string = string>(): Schema<T> => ({ avro: { type: "string", logicalType: "uuid" } });

/** A 32-bit integer. */
export const int = <T extends number = number>(): Schema<T> => ({ avro: "int" });

/** An integer from -2^52 to 2^53 - 2: the codec refuses what a double cannot hold. Money is one of these. */
export const long = <T extends number = number>(): Schema<T> => ({ avro: "long" });

/** A moment: milliseconds since the epoch. */
export const timestampMs = (): Schema<number> => ({ avro: { type: "long", logicalType: "timestamp-millis" } });

/** One of a closed list of names. `name` is the enum's name in the schema's namespace. */
export const symbols = <const S extends readonly string[]>(name: string, values: S): Schema<S[number]> => ({
  avro: { type: "enum", name, symbols: values },
});

/** A value or null; null is the default, so the field may be added to a schema that is in use. */
export const optional = <T>(schema: Schema<T>): Schema<T | null> => ({ avro: ["null", schema.avro] });
