/** What avsc would write or read as another value is refused, at any depth. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AvroJson, long, optional, record, string } from "../avro.ts";
import { EncodeFailed, encoderFor } from "../codec.ts";
import { avscType } from "../exact-types.ts";
import { topic } from "../topic.ts";

const smallest = -(2 ** 52);
const places: readonly (readonly [string, AvroJson, (value: unknown) => unknown])[] = [
  ["a record", { type: "record", name: "Inner", fields: [{ name: "value", type: "long" }] }, (value) => ({ value })],
  ["an array", { type: "array", items: "long" }, (value) => [1, value]],
  [
    "a map",
    { type: "map", values: { type: "long", logicalType: "timestamp-millis" } },
    (value) => new Map([["a", value]]),
  ],
  ["an optional array", ["null", { type: "array", items: ["null", "long"] }], (value) => [null, value]],
];

for (const [place, avro, holding] of places) {
  test(`long: is refused below -2^52 when it is in ${place}`, () => {
    const type = avscType(avro);
    assert.deepEqual(type.fromBuffer(type.toBuffer(holding(smallest))), holding(smallest));
    assert.throws(() => type.toBuffer(holding(smallest - 1)), RangeError);
  });
}

test("encoder: refuses a long below -2^52 when it is in a nested record", () => {
  const Outer = record("test.v1.Outer", { inner: record("test.v1.Inner", { count: optional(long()) }) });
  const encode = encoderFor(topic("test", Outer, { key: () => "k", id: () => "i" }), 1);
  assert.throws(() => encode({ inner: { count: smallest - 1 } }), EncodeFailed);
  assert.equal(encode({ inner: { count: smallest } }).length > 5, true);
});

/** The zigzag bytes of any 64-bit integer, as another writer would write them. */
const bytesOf = (value: bigint): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
};

test("long: reads what another writer wrote exactly or refuses it", () => {
  const type = avscType("long");
  const edges = [0n, 1n << 31n, 1n << 51n, 1n << 52n, (1n << 53n) - 2n, 1n << 53n, (1n << 63n) - 2n];
  for (const edge of edges) {
    for (const value of [edge - 1n, edge, edge + 1n, -edge - 1n, -edge, -edge + 1n]) {
      let read: unknown = "refused";
      try {
        read = type.fromBuffer(bytesOf(value));
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
