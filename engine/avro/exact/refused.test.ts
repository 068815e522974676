/** What is refused because avsc would make another value of it, type by type; and what other clients write and is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import {
  type AvroJson,
  array,
  bytes,
  decimal,
  double,
  int,
  map,
  optional,
  record,
  string,
  symbols,
  union,
} from "../avro.ts";
import { avscType } from "../exact-types.ts";
import { raw, rawBytes } from "../testing/raw-bytes.ts";

const reading = (reader: AvroJson, writer: AvroJson) => {
  const type = avscType(reader);
  const resolver = type.createResolver(avscType(writer));
  return (bytes: Buffer): unknown => type.fromBuffer(bytes, resolver);
};

// ---- Primitives ----

test("boolean: is refused when its byte is neither 0 nor 1", () => {
  const type = avscType("boolean");
  assert.deepEqual(
    [0, 1].map((byte) => type.fromBuffer(Buffer.from([byte]))),
    [false, true],
  );
  assert.throws(() => type.fromBuffer(Buffer.from([2])), /expected 0 or 1/);
  assert.throws(() => type.fromBuffer(Buffer.alloc(0)), /truncated/);
});

test("int: is refused when it has more than 32 bits, and read as a long or a double when a reader has one", () => {
  for (const reader of ["int", "long", "double"]) {
    const read = reading(reader, "int");
    for (const edge of [-(2 ** 31), 2 ** 31 - 1]) assert.equal(read(raw(edge)), edge);
    for (const past of [-(2 ** 31) - 1, 2 ** 31, 2 ** 40]) assert.throws(() => read(raw(past)), /more than 32 bits/);
  }
});

test("double: is refused when it was written as a long that no double holds", () => {
  const read = reading("double", "long");
  assert.equal(read(raw(2n ** 53n - 2n)), 2 ** 53 - 2);
  for (const past of [2n ** 53n + 1n, -(2n ** 60n) - 1n]) assert.throws(() => read(raw(past)));
});

test("double: is read when it was written as a float, and written as it is when it is no number", () => {
  const float = Buffer.alloc(4);
  float.writeFloatLE(0.1);
  assert.equal(reading("double", "float")(float), Math.fround(0.1));
  const type = avscType("double");
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -0])
    assert.equal(type.fromBuffer(type.toBuffer(value)), value);
});

test("string: is refused when it is not UTF-8, also as a key and where bytes are read as text", () => {
  const wrong = ["ff", "c3", "c080", "eda080", "f4908080", "61e282"].map((hex) => Buffer.from(hex, "hex"));
  for (const text of wrong) {
    assert.throws(() => reading("string", "string")(rawBytes(text)), /not UTF-8/);
    assert.throws(() => reading("string", "bytes")(rawBytes(text)), /not UTF-8/);
    assert.throws(() => reading(map(int()).avro, map(int()).avro)(raw(1, rawBytes(text), 5, 0)), /not UTF-8/);
  }
  for (const text of ["\ufffd", "a\ufffdb", "é", "안녕", "\u{1f600}", "\0", "\ufeff"])
    assert.equal(reading("string", "string")(rawBytes(text)), text);
});

test("bytes: are a copy, so that they do not change with the batch they came in", () => {
  const batch = rawBytes("abc");
  const read = avscType(bytes().avro).fromBuffer(batch);
  batch.fill(0);
  assert.deepEqual(read, Buffer.from("abc"));
  assert.throws(() => avscType("bytes").toBuffer(new Uint8Array(1)), /a Buffer/);
});

// ---- Decimals ----

test("decimal: has the bytes that Java writes", () => {
  const type = avscType(decimal(6, 2).avro);
  const known = {
    "0": "00",
    "1": "01",
    "127": "7f",
    "128": "0080",
    "255": "00ff",
    "-1": "ff",
    "-128": "80",
    "-129": "ff7f",
    "1230": "04ce",
  };
  for (const [value, hex] of Object.entries(known)) {
    assert.deepEqual(type.toBuffer(BigInt(value)), rawBytes(Buffer.from(hex, "hex")), value);
    assert.equal(type.fromBuffer(rawBytes(Buffer.from(hex, "hex"))), BigInt(value));
  }
});

test("decimal: is refused when it has too many digits or no bytes, and read when it is padded", () => {
  const type = avscType(decimal(3, 0).avro);
  const read = (hex: string) => type.fromBuffer(rawBytes(Buffer.from(hex, "hex")));
  assert.deepEqual(["03e7", "fc19", "00000001", `${"ff".repeat(31)}fe`].map(read), [999n, -999n, 1n, -2n]);
  for (const hex of ["03e8", "fc18", "", "00".repeat(33)]) assert.throws(() => read(hex), RangeError);
  for (const value of [1_000n, -1_000n]) assert.throws(() => type.toBuffer(value), /more than 3 digits/);
  for (const value of [1, "1", null]) assert.throws(() => type.toBuffer(value), /a bigint/);
});

test("decimal: is refused when its writer had another point, more digits, or plain bytes", () => {
  const reader = decimal(6, 2).avro;
  assert.equal(reading(reader, decimal(4, 2).avro)(rawBytes(Buffer.from([5]))), 5n);
  assert.throws(() => reading(reader, decimal(6, 4).avro), /decimal\(6, 4\) cannot be read as decimal\(6, 2\)/);
  assert.throws(() => reading(reader, decimal(7, 2).avro), /cannot be read/);
  for (const writer of ["bytes", "string"]) assert.throws(() => reading(reader, writer), /cannot read/);
});

test("decimal: is read as bytes when its writer says digits that cannot be", () => {
  for (const wrong of [{ precision: 0 }, { precision: 2, scale: 3 }, {}, { precision: 66 }]) {
    const type = avscType({ type: "bytes", logicalType: "decimal", ...wrong });
    assert.deepEqual(type.fromBuffer(rawBytes("a")), Buffer.from("a"));
  }
});

// ---- Logical types ----

test("logical types: are refused when they were written as another, and read when one side has none", () => {
  const long = (logicalType?: string): AvroJson => (logicalType === undefined ? "long" : { type: "long", logicalType });
  const millis = long("timestamp-millis");
  assert.throws(
    () => reading(millis, long("timestamp-micros")),
    /written as timestamp-micros and would be read as timestamp-millis/,
  );
  assert.throws(() => reading(millis, { type: "int", logicalType: "date" }), /written as date/);
  assert.throws(
    () => reading(array({ avro: millis }).avro, array({ avro: long("time-micros") }).avro),
    /written as time-micros/,
  );
  for (const [reader, writer] of [
    [millis, millis],
    [millis, "long"],
    ["long", long("timestamp-micros")],
    [millis, "int"],
  ] as const)
    assert.equal(reading(reader, writer)(raw(7)), 7);
});

test("logical types: are told apart where the value may be null", () => {
  const [millis, micros] = ["timestamp-millis", "timestamp-micros"].map(
    (logicalType): AvroJson => ["null", { type: "long", logicalType }],
  );
  assert.throws(() => reading(millis ?? "null", micros ?? "null"), /written as timestamp-micros/);
  const read = reading(millis ?? "null", millis ?? "null");
  assert.deepEqual([raw(0), raw(1, 7)].map(read), [null, 7]);
  assert.equal(reading(millis ?? "null", "long")(raw(7)), 7);
  assert.equal(reading(millis ?? "null", "null")(raw()), null);
});

test("string: is read when a Java client registered it", () => {
  const java = { type: "string", "avro.java.string": "String" };
  assert.equal(reading("string", java)(rawBytes("é")), "é");
  const writer = { type: "map", values: java, "avro.java.string": "String" };
  assert.deepEqual(reading(map(string()).avro, writer)(raw(1, rawBytes("a"), rawBytes("b"), 0)), new Map([["a", "b"]]));
});

// ---- Named types ----

test("record: is a plain object, in a list too", () => {
  const Item = record("test.v1.Item", { sku: string() });
  const read = reading(array(Item).avro, array(Item).avro)(raw(1, rawBytes("a"), 0));
  assert.deepEqual(read, [{ sku: "a" }]);
  assert.deepEqual(
    (read as object[]).map((item) => Object.getPrototypeOf(item) === Object.prototype),
    [true],
  );
});

test("enum: takes its own symbols alone", () => {
  const type = avscType(symbols("test.v1.Color", ["RED"]).avro);
  for (const wrong of ["toString", "constructor", ["RED"], 0, null])
    assert.throws(() => type.toBuffer(wrong), /expected one of RED/);
});

test("enum: is its default when a later writer has another name", () => {
  const later = symbols("test.v1.Color", ["RED", "BLUE"]).avro;
  const reader = symbols("test.v1.Color", ["UNKNOWN", "RED"], { default: "UNKNOWN" }).avro;
  assert.deepEqual([raw(0), raw(1)].map(reading(reader, later)), ["RED", "UNKNOWN"]);
});

// ---- Maps ----

test("map: has any key, and none twice", () => {
  const type = avscType(map(int()).avro);
  const keys = new Map([
    ["__proto__", 1],
    ["constructor", 2],
    ["", 3],
    ["2", 4],
    ["1", 5],
  ]);
  assert.deepEqual([...(type.fromBuffer(type.toBuffer(keys)) as typeof keys)], [...keys]);
  assert.throws(() => type.fromBuffer(raw(2, rawBytes("a"), 1, rawBytes("a"), 2, 0)), /"a" twice/);
  for (const wrong of [{}, null, [], new Map([[1, 1]]), new Map([["\ud800", 1]])])
    assert.throws(() => type.toBuffer(wrong), TypeError);
});

// ---- Unions ----

const Card = record("test.v1.Card", { last4: string() });
const Cash = record("test.v1.Cash", { till: int() });

test("union: is refused when a value has no tag, or another branch's", () => {
  const type = avscType(union(Card, Cash).avro);
  const wrong = [
    null,
    { last4: "1" },
    { kind: "Gift", value: {} },
    { kind: "Card", value: { till: 1 } },
    { kind: "toString", value: 1 },
  ];
  for (const value of wrong) assert.throws(() => type.toBuffer(value));
  for (const index of [2, -1, 2n ** 40n]) assert.throws(() => type.fromBuffer(raw(index, 0)), /no branch/);
});

test("union: reads its branches by name first when the writer's are others or in another order", () => {
  const text = { kind: "string", value: "a" };
  assert.deepEqual(reading(union(bytes(), string()).avro, "string")(rawBytes("a")), text);
  assert.deepEqual(reading(union(bytes(), string()).avro, union(string(), bytes()).avro)(raw(0, rawBytes("a"))), text);
  assert.deepEqual(reading(union(Card, Cash).avro, Cash.avro)(raw(5)), { kind: "Cash", value: { till: 5 } });
  assert.deepEqual(reading(union(double(), string()).avro, "int")(raw(5)), { kind: "double", value: 5 });
  assert.throws(() => reading(union(Card, Cash).avro, "string"), /cannot read/);
});

test("optional: has null on either side, and no branch but two", () => {
  for (const avro of [optional(int()).avro, ["int", "null"]]) {
    const type = avscType(avro);
    for (const value of [null, 5]) {
      assert.equal(type.fromBuffer(type.toBuffer(value)), value);
      const plain = avsc.Type.forSchema(avro as avsc.Schema);
      assert.deepEqual(type.toBuffer(value), plain.toBuffer(value));
    }
    assert.throws(() => type.toBuffer(undefined));
    for (const index of [2, -1]) assert.throws(() => type.fromBuffer(raw(index, 0)), /invalid union index/);
  }
  const choice = avscType(optional(union(Card, Cash)).avro);
  for (const value of [null, { kind: "Cash", value: { till: 1 } }])
    assert.deepEqual(choice.fromBuffer(choice.toBuffer(value)), value);
});
