/** The Avro of what is declared, and declarations that are refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import {
  type AvroJson,
  array,
  boolean,
  bytes,
  date,
  decimal,
  double,
  int,
  long,
  map,
  optional,
  record,
  string,
  symbols,
  timestampMs,
  union,
  uuid,
  withAliases,
  withDefault,
} from "../avro.ts";
import { InvalidSchema } from "./invalid-schema.ts";

test("record: is an Avro record of its fields, in the order written, in the namespace of its name", () => {
  const Everything = record("test.v1.Everything", {
    zuerst: string(),
    id: uuid(),
    count: int(),
    amount: long(),
    at: timestampMs(),
    color: symbols("Color", ["RED", "BLUE"]),
    note: optional(string()),
    againAt: optional(timestampMs()),
  });
  assert.equal(Everything.name, "test.v1.Everything");
  assert.deepEqual(Everything.avro, {
    type: "record",
    name: "Everything",
    namespace: "test.v1",
    fields: [
      { name: "zuerst", type: "string" },
      { name: "id", type: { type: "string", logicalType: "uuid" } },
      { name: "count", type: "int" },
      { name: "amount", type: "long" },
      { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "color", type: { type: "enum", name: "Color", symbols: ["RED", "BLUE"] } },
      { name: "note", type: ["null", "string"], default: null },
      { name: "againAt", type: ["null", { type: "long", logicalType: "timestamp-millis" }], default: null },
    ],
  });
});

test("record: has no namespace when its name has none", () => {
  const { avro } = record("Bare", { text: string() });
  assert.equal(typeOf(avro).name, "Bare");
});

test("symbols: lives in the namespace of the record it is in", () => {
  const { avro } = record("test.v1.Colored", { color: symbols("Color", ["RED"]) });
  const type = typeOf(avro);
  assert(type instanceof avsc.types.RecordType);
  assert.equal(type.field("color").type.name, "test.v1.Color");
});

test("optional: is null by default, so that a reader with the field reads what was written without it", () => {
  const writer = typeOf(record("test.v1.Grown", { text: string() }).avro);
  const reader = typeOf(record("test.v1.Grown", { text: string(), note: optional(string()) }).avro);
  const read = reader.fromBuffer(writer.toBuffer({ text: "a" }), reader.createResolver(writer));
  assert.deepEqual({ ...read }, { text: "a", note: null });
});

test("long: refuses what a double cannot hold, on the way in and on the way out", () => {
  const type = typeOf(long().avro);
  const largest = Number.MAX_SAFE_INTEGER - 1;
  assert.equal(type.fromBuffer(type.toBuffer(largest)), largest);
  assert.throws(() => type.toBuffer(2 ** 53));
  assert.throws(() => type.fromBuffer(Buffer.from("ffffffffffffffffff01", "hex")));
});

/** The fields of a record's Avro. */
const fieldsOf = ({ avro }: { readonly avro: AvroJson }): unknown => (avro as { readonly fields: unknown }).fields;

test("record: has the Avro of each type", () => {
  const fields = {
    yes: boolean(),
    share: double(),
    raw: bytes(),
    price: decimal(12, 2),
    day: date(),
    names: array(string()),
    counts: map(int()),
  };
  assert.deepEqual(fieldsOf(record("test.v1.Each", fields)), [
    { name: "yes", type: "boolean" },
    { name: "share", type: "double" },
    { name: "raw", type: "bytes" },
    { name: "price", type: { type: "bytes", logicalType: "decimal", precision: 12, scale: 2 } },
    { name: "day", type: { type: "int", logicalType: "date" } },
    { name: "names", type: { type: "array", items: "string" } },
    { name: "counts", type: { type: "map", values: "int" } },
  ]);
});

const Item = record("test.v1.Item", { sku: string(), color: symbols("Color", ["RED"]) });

test("record: defines a named type where it is used first, and names it from then on", () => {
  const Order = record("test.v1.Order", { items: array(Item), first: Item, last: optional(Item) });
  const Both = record("test.v2.Both", { order: Order, item: Item, color: symbols("Color", ["RED"]) });
  assert.deepEqual(fieldsOf(Order), [
    { name: "items", type: { type: "array", items: Item.avro } },
    { name: "first", type: "test.v1.Item" },
    { name: "last", type: ["null", "test.v1.Item"], default: null },
  ]);
  assert.deepEqual(fieldsOf(Both), [
    { name: "order", type: Order.avro },
    { name: "item", type: "test.v1.Item" },
    // Of another namespace, so another type.
    { name: "color", type: { type: "enum", name: "Color", symbols: ["RED"] } },
  ]);
  for (const { avro } of [Order, Both]) assert.ok(typeOf(avro));
});

test("record: names an enum of another namespace in full when it is there twice", () => {
  const Color = symbols("test.v1.Color", ["RED"]);
  const Two = record("test.v2.Two", { a: Color, b: Color, c: symbols("Color", ["BLUE"]) });
  const types = (fieldsOf(Two) as { readonly type: unknown }[]).map(({ type }) => type);
  assert.deepEqual(types.slice(1), ["test.v1.Color", { type: "enum", name: "Color", symbols: ["BLUE"] }]);
  const value = { a: "RED", b: "RED", c: "BLUE" };
  assert.deepEqual({ ...typeOf(Two.avro).fromBuffer(typeOf(Two.avro).toBuffer(value)) }, value);
});

test("record: is refused when two types in it have one name", () => {
  const Other = record("test.v1.Item", { sku: string() });
  assert.throws(() => record("test.v1.Two", { a: Item, b: Other }), /two types are named test\.v1\.Item/);
  assert.throws(
    () => record("test.v1.Two", { a: Item, b: symbols("Color", ["BLUE"]) }),
    /two types are named test\.v1\.Color/,
  );
  assert.throws(() => record("test.v1.Item", { item: Item }), /two types are named test\.v1\.Item/);
});

test("withDefault: is written in Avro's JSON, behind a union's first branch", () => {
  const Card = record("test.v1.Card", { last4: string() });
  const fields = {
    size: withDefault(int(), 3),
    raw: withDefault(bytes(), Buffer.from([0, 255])),
    price: withDefault(decimal(5, 2), -129n),
    counts: withDefault(map(int()), new Map([["a", 1]])),
    note: withDefault(optional(string()), "none"),
    nothing: withDefault(optional(string()), null),
    method: withDefault(union(Card, long()), { kind: "Card", value: { last4: "1234" } }),
    maybe: withDefault(optional(union(string(), long())), { kind: "string", value: "a" }),
  };
  const defaults = (fieldsOf(record("test.v1.Defaults", fields)) as { readonly default: unknown }[]).map(
    (field) => field.default,
  );
  assert.deepEqual(defaults, [3, "\0ÿ", "ÿ\x7f", { a: 1 }, "none", null, { last4: "1234" }, "a"]);
  assert.deepEqual(fieldsOf(record("test.v1.One", { note: fields.note, maybe: fields.maybe })), [
    { name: "note", type: ["string", "null"], default: "none" },
    { name: "maybe", type: ["string", "long", "null"], default: "a" },
  ]);
});

test("withAliases: adds former names, with a default or without one", () => {
  const aliases = ["comment", "remark"];
  const fields = {
    note: withAliases(string(), "comment", "remark"),
    size: withAliases(withDefault(int(), 1), "count"),
  };
  const Renamed = record("test.v2.Renamed", fields, { aliases: ["test.v1.Named"] });
  assert.deepEqual(Renamed.avro, {
    ...{ type: "record", name: "Renamed", namespace: "test.v2", aliases: ["test.v1.Named"] },
    fields: [
      { name: "note", type: "string", aliases },
      { name: "size", type: "int", default: 1, aliases: ["count"] },
    ],
  });
});

test("withDefault: says that a union's default is of its first branch", () => {
  const later = () => withDefault(union(string(), long()), { kind: "long", value: 1 });
  assert.throws(later, /a union's default is of its first branch, string/);
});

const one = { text: string() };
const refused: readonly (readonly [string, () => unknown])[] = [
  ["a field with a name of Object's", () => record("test.v1.A", { constructor: string() })],
  ["a field named __proto__", () => record("test.v1.A", { ["__proto__"]: string() })],
  ["a field that is no word", () => record("test.v1.A", { "a-b": string() })],
  ["a field of digits, which JavaScript puts first", () => record("test.v1.A", { b: string(), "1": string() })],
  ["a record that is no word", () => record("test.v1.A B", one)],
  ["a record without a name", () => record("test.v1.", one)],
  ["a record with a name of Avro's", () => record("test.v1.string", one)],
  ["a record with a name of _ first", () => record("test.v1._text", one)],
  ["an alias that is no name", () => record("test.v1.A", one, { aliases: ["1"] })],
  [
    "an alias of a field that is another field",
    () => record("test.v1.A", { ...one, b: withAliases(string(), "text") }),
  ],
  ["an enum without symbols", () => symbols("Color", [])],
  ["an enum with a symbol twice", () => symbols("Color", ["RED", "RED"])],
  ["a symbol that is no word", () => symbols("Color", ["RED-ISH"])],
  ["an enum's default that is no symbol", () => symbols<"Color", string[]>("Color", ["RED"], { default: "BLUE" })],
  ["a decimal of no digits", () => decimal(0, 0)],
  ["a decimal of more digits than databases have", () => decimal(66, 0)],
  ["a scale above the precision", () => decimal(2, 3)],
  ["a scale that is no integer", () => decimal(2, 0.5)],
  ["a default of another size", () => withDefault(int(), 2 ** 31)],
  ["a default that is no integer", () => withDefault(long(), 0.5)],
  ["a default with too many digits", () => withDefault(decimal(2, 0), 100n)],
  ["a default that JSON does not have", () => withDefault(double(), Number.NaN)],
  ["a default of minus zero", () => withDefault(double(), -0)],
  ["a default with half of a pair", () => withDefault(string(), "\ud800")],
  ["a default of a later branch", () => withDefault(union(string(), long()), { kind: "long", value: 1 })],
  ["a default that JSON has as null", () => withDefault(array(optional(int())), [1])],
  ["a list of records without fields", () => array(record("test.v1.Nothing", {}))],
  ["an optional of an optional", () => optional(optional(string()))],
  ["a union in a union", () => union(union(string(), int()), long())],
  ["an optional in a union", () => union(optional(string()), long())],
  ["a union of one type twice", () => union(long(), timestampMs())],
  ["a union of two types of one name", () => union(record("a.Card", one), record("b.Card", one))],
];
for (const [what, declare] of refused) {
  test(`declarations: refuse ${what}`, () => {
    assert.throws(declare, InvalidSchema);
  });
}

const typeOf = (schema: AvroJson): avsc.Type => avsc.Type.forSchema(schema as avsc.Schema);
