/** Every rule of a comparison, and its verdict against avsc's resolver over generated pairs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import type { AvroJson } from "../avro/avro.ts";
import { avscType } from "../avro/exact-types.ts";
import { compare, isReadable } from "./compare.ts";
import { InvalidAvro } from "./shape.ts";
import { schemaPair } from "./testing/schema-pairs.ts";

const field = (type: AvroJson, more: object = {}): AvroJson => ({ name: "f", type, ...more });
const of = (...fields: AvroJson[]): AvroJson => ({ type: "record", name: "R", namespace: "n", fields });
const enumOf = (symbols: readonly string[], more: object = {}): AvroJson => ({
  type: "enum",
  name: "E",
  symbols,
  ...more,
});
const decimal = (scale: number, precision = 9): AvroJson => ({
  type: "bytes",
  logicalType: "decimal",
  scale,
  precision,
});
const logical = (type: string, logicalType: string): AvroJson => ({ type, logicalType });
const inner = (name: string, ...fields: AvroJson[]): AvroJson => ({ type: "record", name, fields });
const text = { name: "t", type: "string" };
const size = { name: "s", type: "int" };

/** What was written, what reads it, and the findings as "RULE severity path". */
const cases: readonly [what: string, writer: AvroJson, reader: AvroJson, findings: readonly string[]][] = [
  ["nothing changed", of(text), of(text), []],
  ["a field is gone", of(text, size), of(text), []],
  ["a field is new", of(text), of(text, size), ["FIELD_NO_DEFAULT break n.R.s"]],
  ["a field with a default is new", of(text), of(text, { ...size, default: 1 }), []],
  ["a default changed", of({ ...size, default: 1 }), of({ ...size, default: 2 }), ["DEFAULT_CHANGED notice n.R.s"]],
  ["the order of fields changed", of(text, size), of(size, text), []],
  ["a text became a number", of(field("string")), of(field("long")), ["TYPE_CHANGED break n.R.f"]],
  ["an int became a long", of(field("int")), of(field("long")), []],
  ["a long became an int", of(field("long")), of(field("int")), ["TYPE_CHANGED break n.R.f"]],
  ["a long became a double", of(field("long")), of(field("double")), ["NUMBER_WIDENED meaning n.R.f"]],
  ["an int became a float", of(field("int")), of(field("float")), ["NUMBER_WIDENED meaning n.R.f"]],
  ["an int became a double", of(field("int")), of(field("double")), []],
  ["bytes became text", of(field("bytes")), of(field("string")), ["TEXT_FROM_BYTES meaning n.R.f"]],
  ["text became bytes", of(field("string")), of(field("bytes")), []],
  [
    "milliseconds became microseconds",
    of(field(logical("long", "timestamp-millis"))),
    of(field(logical("long", "timestamp-micros"))),
    ["LOGICAL_TYPE_CHANGED meaning n.R.f"],
  ],
  [
    "a text became a uuid",
    of(field("string")),
    of(field(logical("string", "uuid"))),
    ["LOGICAL_TYPE_CHANGED meaning n.R.f"],
  ],
  [
    "a Java client says how it wants its text",
    of(field({ type: "string", "avro.java.string": "String" })),
    of(field("string")),
    [],
  ],
  ["a decimal's scale changed", of(field(decimal(2))), of(field(decimal(3))), ["LOGICAL_TYPE_CHANGED meaning n.R.f"]],
  [
    "a decimal's precision grew",
    of(field(decimal(2))),
    of(field(decimal(2, 12))),
    ["LOGICAL_TYPE_CHANGED notice n.R.f"],
  ],
  [
    "a decimal's precision shrank",
    of(field(decimal(2))),
    of(field(decimal(2, 5))),
    ["LOGICAL_TYPE_CHANGED meaning n.R.f"],
  ],
  [
    "a decimal says its scale of 0",
    of(field({ type: "bytes", logicalType: "decimal", precision: 9 })),
    of(field(decimal(0))),
    [],
  ],
  ["a symbol is new", of(field(enumOf(["A"]))), of(field(enumOf(["A", "B"]))), []],
  ["a symbol is gone", of(field(enumOf(["A", "B"]))), of(field(enumOf(["A"]))), ["ENUM_SYMBOL_REMOVED break n.R.f"]],
  [
    "a symbol is gone and there is a default",
    of(field(enumOf(["A", "B"]))),
    of(field(enumOf(["A"], { default: "A" }))),
    ["ENUM_SYMBOL_REMOVED meaning n.R.f"],
  ],
  ["a field became optional", of(field("string")), of(field(["null", "string"])), []],
  ["a field is optional no more", of(field(["null", "string"])), of(field("string")), ["UNION_NARROWED break n.R.f"]],
  [
    "a union has a branch less",
    of(field(["null", "string", "int"])),
    of(field(["null", "string"])),
    ["UNION_NARROWED break n.R.f"],
  ],
  [
    "a branch is another record inside",
    of(field(["null", inner("I", text)])),
    of(field(["null", inner("I", text, size)])),
    ["FIELD_NO_DEFAULT break n.R.f.s"],
  ],
  [
    "bytes are read by the text before them",
    of(field(["bytes"])),
    of(field(["string", "bytes"])),
    ["TEXT_FROM_BYTES meaning n.R.f"],
  ],
  ["a record has another name", inner("n.R", text), inner("n.S", text), ["NAME_CHANGED break n.S"]],
  ["a record has another namespace", inner("n.R", text), inner("m.R", text), ["NAME_CHANGED break m.R"]],
  [
    "a record has an alias",
    inner("n.R", text),
    { type: "record", name: "S", namespace: "n", aliases: ["R"], fields: [text] },
    [],
  ],
  ["a field has an alias", of(text), of({ name: "u", type: "string", aliases: ["t"] }), []],
  [
    "an alias stands for two",
    of(text, { name: "u", type: "string" }),
    of({ name: "t", type: "string", aliases: ["u"] }),
    ["AMBIGUOUS_ALIAS break n.R.t"],
  ],
  [
    "a field has another name and no alias",
    of({ name: "t", type: ["null", "string"], default: null }),
    of({ name: "u", type: ["null", "string"], default: null }),
    ["FIELD_RENAMED meaning n.R.u"],
  ],
  [
    "a fixed has another size",
    of(field({ type: "fixed", name: "F", size: 4 })),
    of(field({ type: "fixed", name: "F", size: 5 })),
    ["TYPE_CHANGED break n.R.f"],
  ],
  [
    "it is deep inside",
    of(field({ type: "array", items: { type: "map", values: inner("I", text) } })),
    of(field({ type: "array", items: { type: "map", values: inner("I", text, size) } })),
    ["FIELD_NO_DEFAULT break n.R.f[]{}.s"],
  ],
  [
    "it is in a type that is named before",
    of(field(inner("I", text)), { name: "g", type: "I" }),
    of(field(inner("I", size)), { name: "g", type: "n.I" }),
    ["FIELD_NO_DEFAULT break n.R.f.s", "FIELD_NO_DEFAULT break n.R.g.s"],
  ],
  [
    "a record contains itself",
    of(text, { name: "next", type: ["null", "R"] }),
    of(size, { name: "next", type: ["null", "n.R"] }),
    ["FIELD_NO_DEFAULT break n.R.s"],
  ],
  [
    "several things changed, all of them are said",
    of(text, size, field("int")),
    of({ name: "t", type: "int" }, { name: "x", type: "int" }, field("string")),
    ["TYPE_CHANGED break n.R.t", "FIELD_NO_DEFAULT break n.R.x", "TYPE_CHANGED break n.R.f"],
  ],
];
for (const [what, writer, reader, findings] of cases) {
  test(`compare: finds ${findings.length === 0 ? "nothing" : findings.join(", ")} when ${what}`, () => {
    const found = compare(reader, writer).map(({ rule, severity, path }) => `${rule} ${severity} ${path}`);
    assert.deepEqual(found, findings);
  });
}

const invalid: readonly [what: string, avro: AvroJson][] = [
  ["a name stands for nothing", of(field("n.Nowhere"))],
  ["it is a number", 3],
  ["an enum has no symbols", enumOf([])],
  ["a record has no fields", { type: "record", name: "R" }],
  ["a field has no type", of({ name: "f" })],
  ["a union is in a union", of(field(["null", ["null", "int"]]))],
  ["a name is declared twice", of(field(inner("I", text)), { name: "g", type: inner("I", text) })],
  [
    "it is deeper than anybody writes",
    Array.from({ length: 5_000 }).reduce<AvroJson>((items) => ({ type: "array", items }), "int"),
  ],
];
for (const [what, avro] of invalid) {
  test(`compare: refuses a schema when ${what}`, () => {
    assert.throws(() => compare(avro, of(text)), InvalidAvro);
    assert.throws(() => compare(of(text), avro), InvalidAvro);
  });
}

test("compare: ends when a schema refers to its records again and again", () => {
  // 40 records, each mentioned twice by the next: 2^40 ways through it.
  const chain = (last: AvroJson): AvroJson =>
    Array.from({ length: 40 }).reduce<AvroJson>(
      (before, _, at) =>
        inner(`C${at}`, { name: "a", type: before }, { name: "b", type: at === 0 ? "int" : `C${at - 1}` }),
      last,
    );
  assert.deepEqual(compare(chain("int"), chain("int")), []);
  assert.equal(compare(chain("int"), chain("string")).length, 40);
});

// AvroJson is any JSON; avsc checks what it is given.
const plainType = (avro: AvroJson): avsc.Type => avsc.Type.forSchema(avro as avsc.Schema);

test("compare: agrees with avsc's resolver, and what it calls readable is read, over generated pairs", () => {
  const pairs = Number(process.env["SLUICE_SCHEMA_PAIRS"] ?? 400);
  const verdicts = { readable: 0, unreadable: 0 };
  for (let seed = 0; seed < pairs; seed++) {
    const { reader, writer, how } = schemaPair(seed);
    const [to, from] = [plainType(reader), plainType(writer)];
    const findings = compare(reader, writer);
    const readable = isReadable(findings);
    // The codec refuses more than avsc does: what would be read as another value.
    const isPlain = findings.every(({ severity }) => severity === "notice");
    const makeOurs = () => avscType(reader).createResolver(avscType(writer));
    if (!readable) assert.throws(makeOurs, `seed ${seed}`);
    else if (isPlain) assert.doesNotThrow(makeOurs, `seed ${seed}`);
    verdicts[readable ? "readable" : "unreadable"]++;
    const context = `seed ${seed}: ${how.join(", ")}`;
    if (!readable) {
      assert.throws(() => to.createResolver(from), context);
      continue;
    }
    const resolver = to.createResolver(from);
    for (let value = 0; value < 3; value++) {
      assert.doesNotThrow(() => to.fromBuffer(from.toBuffer(from.random()), resolver), context);
    }
  }
  // Both happen often, or the pairs say little.
  assert.ok(Math.min(verdicts.readable, verdicts.unreadable) > pairs / 5, JSON.stringify(verdicts));
});

test("compare: says that a record cannot be read where avsc remembers it as readable", () => {
  // avsc keeps the resolver of two records before it is finished. Here the first branch of f fails and the second one
  // reads; for g the failed one is found again, taken for good, and only reading a value fails.
  const written = inner("I", text);
  const reads: AvroJson = { type: "record", name: "J", aliases: ["I"], fields: [text] };
  const reader = of(field([inner("I", text, size), reads]), { name: "g", type: "I" });
  const writer = of(field(written), { name: "g", type: "I" });
  assert.deepEqual(
    compare(reader, writer).map(({ rule, path }) => `${rule} ${path}`),
    ["FIELD_NO_DEFAULT n.R.g.s"],
  );
  const [to, from] = [plainType(reader), plainType(writer)];
  const resolver = to.createResolver(from);
  assert.throws(() => to.fromBuffer(from.toBuffer({ f: { t: "" }, g: { t: "" } }), resolver), /_read/);
});

test("compare: does not rest on a record that was taken for readable while it was compared, and is not", () => {
  // B is fine where A is; A is not, and only the branch after it saves f. For g there is no other branch.
  const b = (more: AvroJson[]) =>
    inner("A", { name: "b", type: inner("B", { name: "a", type: ["null", "A"] }) }, ...more);
  const reads: AvroJson = { type: "record", name: "Q", aliases: ["A"], fields: [] };
  const reader = of(field([b([size]), reads]), { name: "g", type: "B" });
  const writer = of(field(b([])), { name: "g", type: "B" });
  assert.deepEqual(
    compare(reader, writer).map(({ rule, path }) => `${rule} ${path}`),
    ["FIELD_NO_DEFAULT n.R.g.a.s"],
  );
});
