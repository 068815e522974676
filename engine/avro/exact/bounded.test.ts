/** Counts, lengths and depths that bytes only claim: each ends at once, read or passed over. A hang is the test's time-out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AvroJson } from "../avro.ts";
import { avscType } from "../exact-types.ts";
import { raw, rawBytes } from "../testing/raw-bytes.ts";
import { emptyItemsMax } from "./containers.ts";
import { depthMax } from "./named.ts";

const nothing: AvroJson = { type: "record", name: "test.v1.Nothing", fields: [] };
const arrayOf = (items: AvroJson): AvroJson => ({ type: "array", items });
const mapOf = (values: AvroJson): AvroJson => ({ type: "map", values });
const minLong = -(2n ** 63n);

/** Reads bytes as a field of a record, and passes over them where the reader has no such field. */
const ways = (avro: AvroJson): readonly (readonly [string, (bytes: Buffer) => unknown])[] => {
  const record = (...fields: readonly AvroJson[]) => avscType({ type: "record", name: "test.v1.Bounded", fields });
  const writer = record({ name: "value", type: avro });
  return [record({ name: "value", type: avro }), record()].map((reader, at) => {
    const resolver = reader.createResolver(writer);
    return [at === 0 ? "read" : "passed over", (bytes) => reader.fromBuffer(bytes, resolver)];
  });
};

const hostile: readonly (readonly [string, AvroJson, Buffer])[] = [
  ["1e11 nulls", arrayOf("null"), raw(100_000_000_000n, 0, Buffer.alloc(60))],
  ["1e11 records without fields", arrayOf(nothing), raw(100_000_000_000n, 0)],
  ["1e11 arrays", arrayOf(arrayOf("int")), raw(100_000_000_000n, Buffer.alloc(60))],
  ["1e11 longs", arrayOf("long"), raw(100_000_000_000n, Buffer.alloc(60))],
  ["more items than bytes", arrayOf("long"), raw(4, 1, 2, 3)],
  ["more doubles than an eighth of the bytes", arrayOf("double"), raw(2, Buffer.alloc(15))],
  ["a count that no double holds", arrayOf("null"), raw(2n ** 63n - 1n, 0)],
  ["the lowest count", arrayOf("null"), raw(minLong, 0, 0)],
  ["the lowest count of longs", arrayOf("long"), raw(minLong, 0, 0)],
  ["a count without end", arrayOf("long"), Buffer.alloc(100, 255)],
  ["a negative size", arrayOf("long"), raw(-1, -4, 7, 0)],
  ["a size that leads back to its block", arrayOf("long"), raw(-1, -2)],
  ["a size past the end", arrayOf("long"), raw(-1, 100, 7, 0)],
  ["a negative count of nulls without a size", arrayOf("null"), raw(-1_000_000_000_000n, 0, 0)],
  ["no end", arrayOf("long"), raw(1, 7)],
  ["1e11 entries", mapOf("null"), raw(100_000_000_000n, Buffer.alloc(60))],
  ["entries of a negative size", mapOf("int"), raw(-1, -2, rawBytes("a"), 1, 0)],
  ["a key past the end", mapOf("int"), raw(1, 50, Buffer.from("a"), 0)],
  ["a key of a negative length", mapOf("int"), raw(1, -1, 1, 0)],
  ["text past the end", "string", raw(50, Buffer.from("a"))],
  ["text of a negative length", "string", raw(-2)],
  ["text of a length that no double holds", "string", raw(minLong)],
  ["bytes past the end", "bytes", raw(2n ** 40n, Buffer.from("a"))],
  ["bytes of a negative length", "bytes", raw(-2)],
];

for (const [what, avro, bytes] of hostile) {
  test(`bounds: ${what} are refused when they are read or passed over`, { timeout: 10_000 }, () => {
    for (const [way, read] of ways(avro)) assert.throws(() => read(bytes), Error, way);
  });
}

test("bounds: say what is claimed and what is left, before anything is read", () => {
  const failing = (avro: AvroJson, bytes: Buffer, message: string) =>
    assert.throws(() => avscType(avro).fromBuffer(bytes), { name: "RangeError", message });
  failing("string", raw(50, 1), "truncated: a string says it has 50 bytes, 1 are left");
  failing("string", raw(-2, 1), "a string has an invalid length of -2 bytes");
  failing("bytes", raw(50, 1), "truncated: a value of bytes says it has 50 bytes, 1 are left");
  failing(arrayOf("long"), raw(4, 1, 2), "truncated: a block says it has 4 items, 2 bytes are left");
  failing(arrayOf("long"), raw(-4, 2, 1, 2), "truncated: a block says it has 4 items, 2 bytes are left");
  failing(arrayOf("long"), raw(-1, 9, 1), "a block says it has 9 bytes, 1 are left");
});

test("bounds: a length that leads back does not make a value of bytes that were read", () => {
  for (const type of ["string", "bytes"]) {
    const fields = [
      { name: "back", type },
      { name: "again", type: "int" },
    ];
    const [, read] = ways({ type: "record", name: "test.v1.Back", fields })[0] ?? [];
    assert.throws(() => read?.(raw(-1)), /invalid length of -1/);
  }
});

test("bounds: nulls of all the arrays of a record are counted together", () => {
  for (const [way, read] of ways(arrayOf(arrayOf("null")))) {
    const arrays = (count: number, each: number) => raw(count, ...Array(count).fill(raw(each, 0)), 0);
    assert.ok(read(arrays(2, emptyItemsMax / 2)), way);
    assert.throws(() => read(arrays(3, emptyItemsMax / 2)), /take no bytes/, way);
  }
});

test("bounds: a reader of other items counts what the writer wrote", { timeout: 10_000 }, () => {
  const reader = avscType(arrayOf(["null", "string"]));
  const resolver = reader.createResolver(avscType(arrayOf("null")));
  assert.deepEqual(reader.fromBuffer(raw(3, 0), resolver), [null, null, null]);
  assert.throws(() => reader.fromBuffer(raw(100_000_000_000n, 0), resolver), /take no bytes/);
  const promoted = avscType(arrayOf("double"));
  const ints = promoted.createResolver(avscType(arrayOf("int")));
  assert.deepEqual(promoted.fromBuffer(raw(2, 5, 6, 0), ints), [5, 6], "an int is one byte, not the eight of a double");
});

test("bounds: blocks are read with their size, without it, and one after the other", () => {
  for (const [way, read] of ways(arrayOf("int"))) {
    const blocks = raw(-2, 2, 1, 2, 1, 3, -1, 1, 4, 0);
    const value = read(blocks);
    assert.deepEqual(value, way === "read" ? { value: [1, 2, 3, 4] } : {});
  }
});

test("bounds: a block of another size than it says is refused when it is read", () => {
  const type = avscType(arrayOf("int"));
  assert.throws(() => type.fromBuffer(raw(-2, 3, 1, 2, 0, 0)), /size it says/);
});

const list: AvroJson = {
  type: "record",
  name: "test.v1.Node",
  fields: [{ name: "next", type: ["null", "test.v1.Node"] }],
};
const tree: AvroJson = {
  type: "record",
  name: "test.v1.Tree",
  fields: [{ name: "branches", type: arrayOf("test.v1.Tree") }],
};

test("bounds: a value is refused when it is deeper in itself than it may be", { timeout: 10_000 }, () => {
  // A 1 is one byte, 2.
  const nodes = (depth: number) => Buffer.concat([Buffer.alloc(depth - 1, 2), Buffer.alloc(1)]);
  const trees = (depth: number) => Buffer.concat([Buffer.alloc(depth - 1, 2), Buffer.alloc(depth)]);
  for (const [avro, bytesOf] of [[list, nodes] as const, [tree, trees] as const]) {
    for (const [way, read] of ways(avro)) {
      assert.ok(read(bytesOf(depthMax)), way);
      assert.throws(() => read(bytesOf(depthMax + 1)), /deep in itself/, way);
      assert.throws(() => read(bytesOf(1_000_000)), /deep in itself/, way);
    }
  }
});

test("bounds: a wide value of a recursive type is read when it is not deep", () => {
  const [, read] = ways(tree)[0] ?? [];
  assert.ok(read?.(raw(3_000, Buffer.alloc(3_000), 0)));
});
