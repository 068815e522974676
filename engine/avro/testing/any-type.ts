/** Types of every kind, one in another, for property tests: each with its values, and with what plain avsc takes for them. */
import fc from "fast-check";
import * as declared from "../avro.ts";
import type { AvroJson, Schema } from "../avro.ts";

/** A type, its values, and the same value as avsc has it when it wraps every union. */
export interface AnyType {
  readonly schema: Schema<unknown>;
  readonly values: fc.Arbitrary<unknown>;
  readonly plain: (value: unknown) => unknown;
}

let made = 0;
/** Names that no other type of this process has: two samples may be parts of one record. */
const newName = (): string => {
  made += 1;
  return `test.v1.Any${made}`;
};

// The erasure line: a schema is invariant in its values, and here they are of any type.
const erased = (schema: unknown): Schema<unknown> => schema as Schema<unknown>;
const same = (value: unknown): unknown => value;
const leaf = (schema: unknown, values: fc.Arbitrary<unknown>, plain = same): AnyType => ({
  ...{ schema: erased(schema), values, plain },
});

/** Every long that is taken. */
export const longs: fc.Arbitrary<number> = fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 2 });

const twosComplement = (value: bigint): Buffer => {
  for (let size = 1; ; size++) {
    if (BigInt.asIntN(8 * size, value) !== value) continue;
    return Buffer.from(Array.from({ length: size }, (_, at) => Number((value >> BigInt(8 * (size - 1 - at))) & 255n)));
  }
};

const decimals = (precision: number): AnyType => {
  const limit = 10n ** BigInt(precision) - 1n;
  const values = fc.bigInt({ min: -limit, max: limit });
  return leaf(declared.decimal(precision, 1), values, (value) => twosComplement(value as bigint));
};

const leaves = (): fc.Arbitrary<AnyType> =>
  fc.constantFrom(
    leaf(declared.boolean(), fc.boolean()),
    leaf(declared.int(), fc.integer()),
    leaf(declared.long(), longs),
    leaf(declared.timestampMs(), longs),
    leaf(declared.date(), fc.integer()),
    leaf(declared.double(), fc.double()),
    leaf(declared.string(), fc.string({ unit: "binary" })),
    leaf(declared.uuid(), fc.uuid()),
    leaf(declared.bytes(), bytes),
    leaf(declared.symbols(newName(), ["RED", "BLUE"]), fc.constantFrom("RED", "BLUE")),
    ...[1, 2, 9, 38, 65].map(decimals),
  );
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));

const arrayOf = ({ schema, values, plain }: AnyType): AnyType =>
  leaf(declared.array(schema), fc.array(values, { maxLength: 4 }), (list) => (list as unknown[]).map(plain));

const mapOf = ({ schema, values, plain }: AnyType): AnyType => {
  const entries = fc.array(fc.tuple(fc.string(), values), { maxLength: 4 });
  // An object of avsc has keys of digits first, and no `__proto__`: those are tested by themselves.
  const key = (text: string) => `k${text}`;
  return leaf(
    declared.map(schema),
    entries.map((list) => new Map(list.map(([text, value]) => [key(text), value]))),
    (map) => Object.fromEntries([...(map as Map<string, unknown>)].map(([text, value]) => [text, plain(value)])),
  );
};

const optionalOf = ({ schema, values, plain }: AnyType): AnyType =>
  leaf(declared.optional(schema), fc.option(values), (value) =>
    value === null ? null : { [branchOf(schema.avro)]: plain(value) },
  );

/** How avsc names a branch: in full, or by its type. */
const branchOf = (avro: AvroJson): string => {
  if (typeof avro !== "object" || avro === null) return String(avro);
  const { name, namespace, type } = avro as Readonly<Record<string, string | undefined>>;
  if (name === undefined) return String(type);
  return namespace === undefined ? name : `${namespace}.${name}`;
};
const kindOf = (avro: AvroJson): string => branchOf(avro).split(".").at(-1) ?? "";

const recordOf = (fields: readonly AnyType[]): AnyType => {
  const named = fields.map((field, at) => [`f${at}`, field] as const);
  const each = (pick: (field: AnyType, name: string) => unknown) =>
    Object.fromEntries(named.map(([name, field]) => [name, pick(field, name)]));
  return leaf(
    declared.record(newName(), each(({ schema }) => schema) as Record<string, Schema<unknown>>),
    // An object with a prototype, as a program has it.
    fc.record(each(({ values }) => values) as Record<string, fc.Arbitrary<unknown>>, { noNullPrototype: true }),
    (value) => each(({ plain }, name) => plain((value as Record<string, unknown>)[name])),
  );
};

const isUnion = ({ schema: { avro } }: AnyType): boolean => Array.isArray(avro);

const unionOf = (branches: readonly AnyType[]): AnyType => {
  const byKind = new Map(branches.map((branch) => [kindOf(branch.schema.avro), branch]));
  const [first, second, ...rest] = [...byKind.values()].map(({ schema }) => schema);
  if (first === undefined || second === undefined) return arrayOf(branches[0] ?? leaf(declared.int(), fc.integer()));
  const values = [...byKind].map(([kind, branch]) => branch.values.map((value) => ({ kind, value })));
  return leaf(declared.union(first, second, ...rest), fc.oneof(...values), (tagged) => {
    const { kind, value } = tagged as { readonly kind: string; readonly value: unknown };
    const branch = byKind.get(kind);
    return branch && { [branchOf(branch.schema.avro)]: branch.plain(value) };
  });
};

const types = (depth: number): fc.Arbitrary<AnyType> => {
  if (depth === 0) return fc.constant(0).chain(leaves);
  const inner = types(depth - 1);
  const several = fc.array(inner, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    fc.constant(0).chain(leaves),
    inner.map(arrayOf),
    inner.map(mapOf),
    inner.map((type) => (isUnion(type) ? arrayOf(type) : optionalOf(type))),
    several.map(recordOf),
    several.map((list) => unionOf(list.filter((type) => !isUnion(type)))),
  );
};

/** A type of up to three levels. */
export const anyType: fc.Arbitrary<AnyType> = types(3);

/** A record of such types. */
export const anyRecord: fc.Arbitrary<AnyType> = fc.array(types(2), { minLength: 1, maxLength: 4 }).map(recordOf);
