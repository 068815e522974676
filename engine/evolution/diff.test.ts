/** Differences in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AvroJson } from "../avro/avro.ts";
import { diffOf } from "./diff.ts";

const of = (...fields: AvroJson[]): AvroJson => ({ type: "record", name: "n.R", fields });
const text = { name: "t", type: "string" };

test("diffOf: says nothing when the schemas are the same to readers", () => {
  assert.deepEqual(diffOf(of(text), { type: "record", name: "R", namespace: "n", doc: "d", fields: [text] }), []);
  const recursive = of({ name: "next", type: ["null", "n.R"], default: null });
  assert.deepEqual(diffOf(recursive, recursive), []);
});

test("diffOf: names what is new, gone and changed, at any depth", () => {
  const colors = (...all: string[]) => ({
    name: "c",
    type: { type: "array", items: { type: "enum", name: "C", symbols: all } },
  });
  const inner = (...fields: AvroJson[]) => ({
    name: "i",
    type: ["null", { type: "record", name: "I", fields }],
    default: null,
  });
  const before = of(text, colors("A", "B"), inner(text), { name: "old", type: "int" }, { name: "n", type: "int" });
  const after = of(
    { name: "t", type: { type: "string", logicalType: "uuid" }, default: "" },
    colors("A", "C"),
    inner(text, { name: "x", type: "long" }),
    { name: "now", type: "int", aliases: ["old"] },
  );
  assert.deepEqual(diffOf(before, after), [
    '~ n.R.t, no default -> default ""',
    "~ n.R.t  string -> string (uuid)",
    "+ n.R.c[]  symbol C",
    "- n.R.c[]  symbol B",
    "+ n.R.i.x  long, no default",
    "~ n.R.now  was old",
    "- n.R.n  int",
  ]);
});
