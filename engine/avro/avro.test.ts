/** The combinators' Avro, and the committed schemas of every record. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import avsc from "avsc";
import { type AvroJson, int, long, optional, record, string, symbols, timestampMs, uuid } from "./avro.ts";
import { couponTopics } from "../../schemas/coupon.ts";
import { snapshotFolder, snapshots } from "../../schemas/write-snapshots.ts";

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

test("coupon records: are valid Avro, one topic each, named by version", () => {
  for (const { schema } of couponTopics) {
    assert.equal(typeOf(schema.avro).name, schema.name);
    assert.match(schema.name, /^coupon\.v1\.[A-Z][A-Za-z]+$/);
  }
  assert.equal(new Set(couponTopics.map(({ name }) => name)).size, couponTopics.length);
});

test("coupon records: are as they were reviewed (after a change that is meant: npx node schemas/write-snapshots.ts)", async () => {
  const files = (await readdir(snapshotFolder)).toSorted();
  assert.deepEqual(files, [...snapshots().keys()].toSorted());
  for (const [file, text] of snapshots()) assert.equal(await readFile(`${snapshotFolder}${file}`, "utf8"), text);
});

const typeOf = (schema: AvroJson): avsc.Type => avsc.Type.forSchema(schema as avsc.Schema);
