/** Rows in flat memory are what a Map has, whatever their ids are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { v7 } from "uuid";
import { long, record, string } from "../../../engine/avro/avro.ts";
import { PackedIds } from "./packed-ids.ts";
import { PackedRows, type RowForm } from "./packed-rows.ts";
import { includedRows } from "./rows.ts";

type Row = { readonly id: string; readonly text: string; readonly number: bigint };
const Kept = record("test.v1.Kept", { text: string(), number: long() });
const form: RowForm<string, Row, { readonly text: string; readonly number: number }> = {
  schema: Kept,
  pack: ({ text, number }) => ({ text, number: Number(number) }),
  unpack: ({ text, number }, id) => ({ id, text, number: BigInt(number) }),
};
const rowOf = (id: string, text: string): Row => ({ id, text, number: BigInt(text.length) });

// Ids that share words, ids that are no UUIDs, and one that differs by its case alone.
const id = fc.oneof(
  fc.uuid(),
  fc.constantFrom("", "r-1", "é", "0191F3A0-0000-7000-8000-000000000000", "0191f3a0-0000-7000-8000-000000000000"),
  fc.nat(50).map((n) => `0191f3a0-0000-7000-8000-${String(n).padStart(12, "0")}`),
  fc.nat(50).map((n) => `${String(n).padStart(8, "0")}-0000-7000-8000-000000000000`),
);

test("packed rows: have what a Map has, in its order, when rows are set and set again", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.string())), (pairs) => {
      const [packed, map] = [new PackedRows(form), new Map<string, Row>()];
      for (const [key, text] of pairs) {
        packed.set(key, rowOf(key, text));
        map.set(key, rowOf(key, text));
      }
      assert.deepEqual([...packed], [...map]);
      assert.deepEqual([[...packed.keys()], [...packed.values()]], [[...map.keys()], [...map.values()]]);
      assert.equal(packed.size, map.size);
      for (const [key] of pairs) assert.deepEqual([packed.has(key), packed.get(key)], [true, map.get(key)]);
      assert.deepEqual([packed.has("none"), packed.get(v7())], [false, undefined]);
    }),
  );
});

test("packed rows: keep all when they grow over many chunks, and refuse a row that fits none", () => {
  const packed = new PackedRows(form);
  const ids = Array.from({ length: 20_000 }, () => v7());
  // Sizes that end some chunks early, and one exactly at its end.
  for (const [n, key] of ids.entries()) packed.set(key, rowOf(key, "x".repeat(n % 300)));
  const full = (1 << 20) - 6;
  packed.set("full", rowOf("full", "y".repeat(full)));
  packed.set("after", rowOf("after", "z"));
  assert.equal(packed.size, ids.length + 2);
  for (const [n, key] of ids.entries()) assert.equal(packed.get(key)?.text.length, n % 300);
  assert.deepEqual([packed.get("full")?.text.length, packed.get("after")?.text], [full, "z"]);
  assert.throws(() => packed.set("large", rowOf("large", "x".repeat(1 << 20))), RangeError);
});

test("packed ids: number ids in their order", () => {
  const ids = new PackedIds<string>();
  const all = [...Array.from({ length: 5_000 }, () => v7()), "no uuid", v7()];
  for (const [n, one] of all.entries()) assert.deepEqual([ids.numberOf(one), ids.add(one)], [undefined, n]);
  for (const [n, one] of all.entries()) assert.deepEqual([ids.numberOf(one), ids.at(n)], [n, one]);
});

test("included rows: are those that are included, and no others", () => {
  const all = new Map(["a", "b", "c"].map((key) => [key, key.toUpperCase()]));
  const rows = includedRows(all, (key) => key !== "b");
  assert.deepEqual(
    [...rows],
    [
      ["a", "A"],
      ["c", "C"],
    ],
  );
  assert.deepEqual([[...rows.keys()], [...rows.values()], rows.size], [["a", "c"], ["A", "C"], 2]);
  assert.deepEqual(
    [rows.has("a"), rows.get("c"), rows.has("b"), rows.get("b"), rows.has("d")],
    [true, "C", false, undefined, false],
  );
});
