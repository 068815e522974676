/** Avro as JSON made comparable: names qualified and resolved, what cannot matter to a reader left out. Covers all of Avro. */
import { isPrimitive, type PrimitiveName } from "../avro/primitives.ts";
import type { AvroJson } from "../avro/avro.ts";

/** A schema that is no valid Avro, or is nested deeper than anybody writes. */
export class InvalidAvro extends Error {
  readonly code = "INVALID_AVRO";
  constructor(path: string, what: string) {
    super(`no valid Avro at ${path === "" ? "its top" : path}: ${what}`);
  }
}

/** A logical type, with what of it changes the meaning of bytes. */
export interface Logical {
  readonly name: string;
  /** Of a decimal; 0 where a decimal says none. */
  readonly scale?: number;
  readonly precision?: number;
}

/** A named type: its full name, and the full names it went by before. */
interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** A field of a record. `preset` is its default as JSON; absent where it has none. */
export interface FieldShape {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: Shape;
  readonly preset?: AvroJson;
}

/** A record; one that contains itself is a cycle of these values. */
export interface RecordShape extends Named {
  readonly kind: "record";
  readonly fields: readonly FieldShape[];
}

/** A schema. */
export type Shape =
  | { readonly kind: "primitive"; readonly name: PrimitiveName; readonly logical?: Logical }
  | RecordShape
  | (Named & { readonly kind: "enum"; readonly symbols: readonly string[]; readonly preset?: string })
  | (Named & { readonly kind: "fixed"; readonly size: number; readonly logical?: Logical })
  | { readonly kind: "array"; readonly items: Shape }
  | { readonly kind: "map"; readonly values: Shape }
  | { readonly kind: "union"; readonly branches: readonly Shape[] };

/** Resolves a schema. @throws InvalidAvro */
export const shapeOf = (avro: AvroJson): Shape =>
  resolve(avro, { names: new Map(), namespace: "", path: "", depth: 0 });

/** Where in a schema it is: names that are declared so far, the namespace around, and a path for messages. */
interface Place {
  readonly names: Map<string, Shape>;
  readonly namespace: string;
  readonly path: string;
  readonly depth: number;
}

/** Deeper than any schema that somebody wrote, and far from the end of the stack. */
const maxDepth = 200;

type Attributes = Readonly<Record<string, AvroJson | undefined>>;
const isObject = (value: AvroJson | undefined): value is Attributes =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const resolve = (avro: AvroJson, place: Place): Shape => {
  if (place.depth > maxDepth) throw new InvalidAvro(place.path, `it is nested more than ${maxDepth} deep`);
  if (typeof avro === "string") return reference(avro, place);
  if (Array.isArray(avro)) return unionOf(avro, place);
  if (!isObject(avro)) throw new InvalidAvro(place.path, `expected a schema, got ${JSON.stringify(avro)}`);
  const { type } = avro;
  if (typeof type !== "string") {
    if (type === undefined) throw new InvalidAvro(place.path, "it has no type");
    return resolve(type, inside(place, ""));
  }
  if (isPrimitive(type)) return { kind: "primitive", name: type, ...logicalOf(avro) };
  return complex(type, avro, place);
};

const inside = (place: Place, step: string, namespace = place.namespace): Place => ({
  ...place,
  namespace,
  path: `${place.path}${step}`,
  depth: place.depth + 1,
});

const reference = (name: string, { names, namespace, path }: Place): Shape => {
  if (isPrimitive(name)) return { kind: "primitive", name };
  const found = names.get(qualified(name, namespace));
  if (found === undefined) throw new InvalidAvro(path, `nothing is declared as ${name}`);
  return found;
};

const unionOf = (branches: readonly AvroJson[], place: Place): Shape => ({
  kind: "union",
  branches: branches.map((branch) => {
    if (Array.isArray(branch)) throw new InvalidAvro(place.path, "a union is directly in a union");
    return resolve(branch, inside(place, ""));
  }),
});

const complex = (type: string, avro: Attributes, place: Place): Shape => {
  switch (type) {
    case "array":
      return { kind: "array", items: resolve(given(avro, "items", place), inside(place, "[]")) };
    case "map":
      return { kind: "map", values: resolve(given(avro, "values", place), inside(place, "{}")) };
    case "record":
    case "error":
      return recordOf(avro, place);
    case "enum":
      return enumOf(avro, place);
    case "fixed": {
      const { size } = avro;
      if (typeof size !== "number" || !Number.isInteger(size) || size < 0)
        throw new InvalidAvro(place.path, `expected a size in bytes, got ${JSON.stringify(size)}`);
      const named = namedOf(avro, place);
      return declare({ kind: "fixed", ...named, size, ...logicalOf(avro) }, place);
    }
    default:
      return reference(type, place);
  }
};

const given = (avro: Attributes, attribute: string, { path }: Place): AvroJson => {
  const value = avro[attribute];
  if (value === undefined) throw new InvalidAvro(path, `it has no ${attribute}`);
  return value;
};

const recordOf = (avro: Attributes, place: Place): Shape => {
  const named = namedOf(avro, place);
  const declared = given(avro, "fields", place);
  if (!Array.isArray(declared)) throw new InvalidAvro(place.path, "its fields are no list");
  const fields: FieldShape[] = [];
  // Declared before its fields are: they may be of this record.
  const record: Shape = declare({ kind: "record", ...named, fields }, place);
  const at = place.path === "" ? named.name : place.path;
  for (const field of declared) fields.push(fieldOf(field, { ...place, path: at, namespace: namespaceOf(named.name) }));
  return record;
};

const fieldOf = (field: AvroJson | undefined, place: Place): FieldShape => {
  if (!isObject(field) || typeof field["name"] !== "string")
    throw new InvalidAvro(place.path, `expected a field with a name, got ${JSON.stringify(field)}`);
  const { name, type, default: preset } = field;
  if (type === undefined) throw new InvalidAvro(`${place.path}.${name}`, "it has no type");
  return {
    name,
    aliases: textsOf(field["aliases"]),
    type: resolve(type, inside(place, `.${name}`)),
    ...(preset === undefined ? {} : { preset }),
  };
};

const enumOf = (avro: Attributes, place: Place): Shape => {
  const symbols = textsOf(avro["symbols"]);
  if (symbols.length === 0) throw new InvalidAvro(place.path, "it has no symbols");
  const { default: preset } = avro;
  const named = namedOf(avro, place);
  return declare({ kind: "enum", ...named, symbols, ...(typeof preset === "string" ? { preset } : {}) }, place);
};

const declare = <S extends Shape & Named>(shape: S, { names, path }: Place): S => {
  if (names.has(shape.name)) throw new InvalidAvro(path, `${shape.name} is declared twice`);
  names.set(shape.name, shape);
  return shape;
};

const namedOf = (avro: Attributes, { namespace: around, path }: Place): Named => {
  const { name, namespace } = avro;
  if (typeof name !== "string" || name === "") throw new InvalidAvro(path, "it has no name");
  const full = qualified(name, typeof namespace === "string" ? namespace : around);
  return { name: full, aliases: textsOf(avro["aliases"]).map((alias) => qualified(alias, namespaceOf(full))) };
};

const qualified = (name: string, namespace: string): string => {
  if (name.includes(".") || namespace === "") return name.replace(/^\./, "");
  return `${namespace}.${name}`;
};
const namespaceOf = (fullName: string): string => fullName.slice(0, Math.max(0, fullName.lastIndexOf(".")));

const textsOf = (list: AvroJson | undefined): readonly string[] =>
  Array.isArray(list) ? list.filter((one: unknown): one is string => typeof one === "string") : [];

/** Anything else beside a type (`doc`, `order`, a Java class) changes nothing about what is read. */
const logicalOf = ({ logicalType: name, scale, precision }: Attributes): { readonly logical?: Logical } => {
  if (typeof name !== "string") return {};
  if (name !== "decimal") return { logical: { name } };
  const decimal = { name, scale: typeof scale === "number" ? scale : 0 };
  return { logical: typeof precision === "number" ? { ...decimal, precision } : decimal };
};

/** A schema in a word or two, for messages. */
export const textOf = (shape: Shape): string => {
  switch (shape.kind) {
    case "primitive":
      return logicalText(shape.name, shape.logical);
    case "fixed":
      return logicalText(`${shape.name} (${shape.size} bytes)`, shape.logical);
    case "array":
      return `array of ${textOf(shape.items)}`;
    case "map":
      return `map of ${textOf(shape.values)}`;
    case "union":
      return shape.branches.length === 0 ? "nothing" : shape.branches.map(textOf).join(" or ");
    case "enum":
    case "record":
      return `${shape.kind} ${shape.name}`;
  }
};

const logicalText = (base: string, logical: Logical | undefined): string => {
  if (logical === undefined) return base;
  const { name, precision, scale } = logical;
  return `${base} (${name}${scale === undefined ? "" : ` of ${precision ?? "?"} digits, ${scale} behind the point`})`;
};
