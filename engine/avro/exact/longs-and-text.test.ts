/** What avsc would write or read as another value is refused, at any depth. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AvroJson, long, optional, record, string } from "../avro.ts";
import { EncodeFailed, encoderFor } from "../codec.ts";
import { avscType } from "../exact-types.ts";
import { raw, rawBytes } from "../testing/raw-bytes.ts";
import { topic } from "../topic.ts";

const smallest = -(2 ** 52);
interface Place {
  readonly name: string;
  readonly avro: AvroJson;
  /** The value that has a long in this place. */
  readonly holding: (value: number) => unknown;
  /** Its bytes, by hand. */
  readonly bytes: (value: bigint) => Buffer;
}
const inner: AvroJson = { type: "record", name: "test.v1.Inner", fields: [{ name: "value", type: "long" }] };
const places: readonly Place[] = [
  { name: "a record", avro: inner, holding: (value) => ({ value }), bytes: (value) => raw(value) },
  {
    name: "an array",
    avro: { type: "array", items: "long" },
    holding: (value) => [1, value],
    bytes: (value) => raw(2, 1, value, 0),
  },
  {
    name: "a map",
    avro: { type: "map", values: { type: "long", logicalType: "timestamp-millis" } },
    holding: (value) => new Map([["a", value]]),
    bytes: (value) => raw(1, rawBytes("a"), value, 0),
  },
  {
    name: "an optional array",
    avro: ["null", { type: "array", items: ["null", "long"] }],
    holding: (value) => [null, value],
    bytes: (value) => raw(1, 2, 0, 1, value, 0),
  },
  {
    name: "a record in a union in an array",
    avro: { type: "array", items: ["string", inner] },
    holding: (value) => [{ kind: "Inner", value: { value } }],
    bytes: (value) => raw(1, 1, value, 0),
  },
];

for (const { name, avro, holding, bytes } of places) {
  test(`long: is written and read, or refused both ways, when it is in ${name}`, () => {
    const type = avscType(avro);
    const resolver = type.createResolver(avscType(avro));
    for (const edge of [smallest, 2 ** 53 - 2]) {
      assert.deepEqual(type.toBuffer(holding(edge)), bytes(BigInt(edge)));
      assert.deepEqual(type.fromBuffer(bytes(BigInt(edge)), resolver), holding(edge));
    }
    for (const past of [smallest - 1, 2 ** 53]) {
      assert.throws(() => type.toBuffer(holding(past)));
      assert.throws(() => type.fromBuffer(bytes(BigInt(past)), resolver));
    }
  });
}

test("encoder: refuses a long below -2^52 when it is in a nested record", () => {
  const Outer = record("test.v1.Outer", { inner: record("test.v1.Inner", { count: optional(long()) }) });
  const encode = encoderFor(topic("test", Outer, { key: () => "k", id: () => "i" }), 1);
  assert.throws(() => encode({ inner: { count: smallest - 1 } }), EncodeFailed);
  assert.equal(encode({ inner: { count: smallest } }).length > 5, true);
});

test("long: reads what another writer wrote exactly or refuses it", () => {
  const type = avscType("long");
  const edges = [0n, 1n << 31n, 1n << 51n, 1n << 52n, (1n << 53n) - 2n, 1n << 53n, (1n << 63n) - 2n];
  for (const edge of edges) {
    for (const value of [edge - 1n, edge, edge + 1n, -edge - 1n, -edge, -edge + 1n]) {
      let read: unknown = "refused";
      try {
        read = type.fromBuffer(raw(value));
      } catch {}
      assert(read === "refused" || read === Number(value), `${value} was read as ${read}`);
      if (value >= -(2n ** 52n) && value <= 2n ** 53n - 2n) assert.equal(read, Number(value));
    }
  }
});

test("string: is refused when it has half of a surrogate pair", () => {
  const Text = record("test.v1.Text", { text: string() });
  const encode = encoderFor(topic("test", Text, { key: () => "k", id: () => "i" }), 1);
  for (const text of ["\ud800", "a\udc00b", `${"x".repeat(100)}\ud83d`]) {
    assert.throws(() => encode({ text }), EncodeFailed);
  }
  assert.equal(encode({ text: "\ufffd\u{1f600}" }).length, 5 + 1 + 7);
});
