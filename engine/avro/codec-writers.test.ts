/** Writers of other versions: what is read by its default, passed over, promoted, and refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import { type AvroJson, int, long, optional, record, string, symbols, withAliases, withDefault } from "./avro.ts";
import { decoderOf, framed, Text, texts, topicOf, decodedValue, whyOf } from "./testing/codec-parts.ts";

const writtenBy = (writer: AvroJson, value: unknown): Buffer =>
  framed(1, avsc.Type.forSchema(writer as avsc.Schema).toBuffer(value));

test("decoder: reads what an older writer wrote, new fields by their default", async () => {
  const grown = topicOf(record("test.v1.Text", { text: string(), note: optional(string()) }));
  const { decode } = await decoderOf(grown, Text.avro);
  assert.deepEqual(decodedValue(decode(writtenBy(Text.avro, { text: "a" }))), { text: "a", note: null });
});

test("decoder: reads what a newer writer wrote, without the fields it does not know", async () => {
  const newer = record("test.v1.Text", { before: int(), text: string(), note: optional(string()) }).avro;
  const { decode } = await decoderOf(texts, newer);
  assert.deepEqual(decodedValue(decode(writtenBy(newer, { before: 1, text: "a", note: "b" }))), { text: "a" });
});

test("decoder: reads fields in another order, and an int as a long", async () => {
  const reader = topicOf(record("test.v1.Pair", { a: string(), b: long() }));
  const writer = record("test.v1.Pair", { b: int(), a: string() }).avro;
  const { decode } = await decoderOf(reader, writer);
  assert.deepEqual(decodedValue(decode(writtenBy(writer, { a: "x", b: 7 }))), { a: "x", b: 7 });
});

test("decoder: tells writers apart by their id", async () => {
  const newer = record("test.v1.Text", { text: string(), note: optional(string()) }).avro;
  const { decode } = await decoderOf(texts, Text.avro, newer);
  const second = writtenBy(newer, { text: "b", note: null });
  second.writeInt32BE(2, 1);
  assert.deepEqual(decodedValue(decode(writtenBy(Text.avro, { text: "a" }))), { text: "a" });
  assert.deepEqual(decodedValue(decode(second)), { text: "b" });
});

test("decoder: refuses what a writer of an incompatible schema wrote, and says which field", async () => {
  const writers = [
    record("test.v1.Text", { other: string() }).avro,
    record("test.v1.Text", { text: int() }).avro,
    record("test.v1.Other", { text: string() }).avro,
    "string",
  ];
  const { decode } = await decoderOf(texts, ...writers);
  for (const at of writers.keys()) {
    assert.match(whyOf(decode(framed(at + 1, Buffer.alloc(1)))), /^its writer's schema cannot be read: /);
  }
});

test("decoder: refuses what a writer with a schema that is no Avro wrote", async () => {
  const { decode } = await decoderOf(texts, { type: "recrod" });
  assert.match(whyOf(decode(framed(1, Buffer.alloc(1)))), /^its writer's schema cannot be read: /);
});

test("decoder: refuses a name that its enum does not have", async () => {
  const reader = topicOf(record("test.v1.Colored", { color: symbols("Color", ["RED"]) }));
  const writer = record("test.v1.Colored", { color: symbols("Color", ["RED", "BLUE"]) }).avro;
  const { decode } = await decoderOf(reader, writer);
  assert.equal(decode(writtenBy(writer, { color: "BLUE" })).kind, "malformed");
});

test("decoder: gives a field that the writer does not have its default", async () => {
  const grown = topicOf(
    record("test.v1.Text", {
      text: string(),
      size: withDefault(int(), 3),
      note: withDefault(optional(string()), "none"),
    }),
  );
  const { decode } = await decoderOf(grown, Text.avro);
  assert.deepEqual(decodedValue(decode(writtenBy(Text.avro, { text: "a" }))), { text: "a", size: 3, note: "none" });
});

test("decoder: reads a record and a field under the names that they had before", async () => {
  const renamed = topicOf(
    record("test.v2.Note", { body: withAliases(string(), "text") }, { aliases: ["test.v1.Text"] }),
  );
  const { decode } = await decoderOf(renamed, Text.avro);
  assert.deepEqual(decodedValue(decode(writtenBy(Text.avro, { text: "a" }))), { body: "a" });
});

test("decoder: reads an optional whose default is null when it was written with another default", async () => {
  const writer = record("test.v1.Text", { text: withDefault(optional(string()), "none") }).avro;
  const { decode } = await decoderOf(topicOf(record("test.v1.Text", { text: optional(string()) })), writer);
  const plain = avsc.Type.forSchema(writer as avsc.Schema);
  for (const text of ["a", null]) assert.deepEqual(decodedValue(decode(framed(1, plain.toBuffer({ text })))), { text });
});

test("decoder: reads the writer's microseconds as nobody's milliseconds", async () => {
  const moment = (logicalType: string): AvroJson => ({
    ...{ type: "record", name: "test.v1.Moment" },
    fields: [{ name: "at", type: { type: "long", logicalType } }],
  });
  const reader = topicOf({ name: "test.v1.Moment", avro: moment("timestamp-millis") });
  const { decode } = await decoderOf(reader, moment("timestamp-micros"));
  assert.match(whyOf(decode(framed(1, Buffer.alloc(1)))), /timestamp-micros .* timestamp-millis/);
});
