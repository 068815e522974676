/**
 * The avsc types that the codec uses: values that avsc would write or read as another value are refused instead, and what
 * bytes say of themselves is believed only as far as there are bytes. The checks are in the types themselves (`exact/`),
 * so a schema pays only for the types it has, at any depth.
 */
import avsc from "avsc";
import type { AvroJson } from "./avro.ts";
import { ExactArray, ExactMap } from "./exact/containers.ts";
import { decimalType, isDecimalShape } from "./exact/decimal.ts";
import { checkLogical, noteLogical } from "./exact/logical.ts";
import { ExactEnum, ExactRecord } from "./exact/named.ts";
import { ExactBoolean, ExactBytes, ExactDouble, ExactInt, ExactLong, ExactString } from "./exact/primitives.ts";
import { unionType } from "./exact/unions.ts";

for (const logical of [ExactInt, ExactLong, ExactString]) checkLogical(logical);

const primitives: Readonly<Record<string, new () => avsc.Type>> = {
  boolean: ExactBoolean,
  int: ExactInt,
  long: ExactLong,
  double: ExactDouble,
  string: ExactString,
  bytes: ExactBytes,
};
const plain: ReadonlyMap<string, avsc.Type> = new Map(
  Object.entries(primitives).map(([name, Primitive]) => [name, new Primitive()]),
);

type Options = avsc.ForSchemaOptions;
const complex: Readonly<Record<string, new (schema: avsc.Schema, options: Options) => avsc.Type>> = {
  // avsc declares the constructors of its types with less than they take.
  array: ExactArray as never,
  map: ExactMap as never,
  enum: ExactEnum as never,
  record: ExactRecord as never,
  error: ExactRecord as never,
};

/** Those of a schema's attributes that decide about its type. */
interface Attributes {
  readonly type?: unknown;
  readonly logicalType?: unknown;
  readonly precision?: unknown;
  readonly scale?: unknown;
}

// avsc calls this with every schema it is about to make a type of.
const exactType = (schema: avsc.Schema, options: Options): avsc.Type | undefined => {
  if (typeof schema === "string") return plain.get(schema);
  if (Array.isArray(schema)) return unionType(schema, options);
  const attributes = schema as Attributes;
  const { type, logicalType } = attributes;
  if (typeof type !== "string") return undefined;
  const Complex = Object.hasOwn(complex, type) ? complex[type] : undefined;
  if (Complex !== undefined) return new Complex(schema, options);
  return typeof logicalType === "string" ? logical(type, logicalType, attributes) : plain.get(type);
};

const logical = (type: string, logicalType: string, attributes: Attributes): avsc.Type | undefined => {
  if (logicalType === "decimal" && type === "bytes" && isDecimalShape(attributes))
    return decimalType({ precision: Number(attributes.precision), scale: Number(attributes.scale ?? 0) });
  const Primitive = Object.hasOwn(primitives, type) ? primitives[type] : undefined;
  return Primitive && noteLogical(new Primitive(), logicalType);
};

/**
 * The avsc type of a schema. Logical types stay plain numbers and text, only decimals are bigints: their units are in our
 * types, and a conversion would cost the hot path half its speed.
 * @throws Error of avsc where the schema is not valid Avro.
 */
export const avscType = (schema: AvroJson): avsc.Type =>
  // `AvroJson` is any JSON; avsc checks what it is given.
  avsc.Type.forSchema(schema as avsc.Schema, { typeHook: exactType as never });
