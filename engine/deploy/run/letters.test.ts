/** Which dead letters a change of a schema strands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { int, optional, record, string } from "../../avro/avro.ts";
import { createCodec } from "../../avro/codec.ts";
import { topic } from "../../avro/topic.ts";
import { Fatal } from "../../errors.ts";
import type { LogRecord } from "../../log/log.ts";
import { countStranded, type LetterReader } from "./letters.ts";

const First = record("test.v1.Text", { text: string() });
const Larger = record("test.v1.Text", { text: string(), size: int() });
const Noted = record("test.v1.Text", { text: string(), note: optional(string()) });
const source = { schemaOf: async (id: number) => (id === 1 ? First.avro : undefined), idOf: async () => 1 };
const codec = createCodec({ source, now: () => 0 });
const texts = topic("texts", First, { key: "text", id: ({ text }) => text });
const encode = await codec.encoder(texts);
const readable = encode({ text: "a" });

const letter = (value: Buffer | null, from = "texts"): LogRecord => {
  const headers = { "_flow.err.topic": Buffer.from(from) };
  return { offset: 0n, timestampMs: 1, key: null, value, headers };
};
const readerOf = (letters: readonly LogRecord[]): LetterReader => ({
  codec,
  admin: { readTopic: async (_, onRecords) => onRecords(0, letters) },
});
const change = { letters: "t.dlq", source: "texts", before: First.avro };

test("countStranded: counts letters that only the schema before can read", async () => {
  const letters = [letter(readable), letter(readable)];
  assert.equal(await countStranded(readerOf(letters), { ...change, after: Larger.avro }), 2);
  assert.equal(await countStranded(readerOf(letters), { ...change, after: Noted.avro }), 0);
});

test("countStranded: passes over letters that nobody can read, and those of other topics", async () => {
  const unknown = Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), readable.subarray(5)]);
  const noHeaders = { ...letter(readable), headers: {} };
  const letters = [letter(null), letter(Buffer.from("x")), letter(unknown), letter(readable, "others"), noHeaders];
  assert.equal(await countStranded(readerOf(letters), { ...change, after: Larger.avro }), 0);
});

test("countStranded: is 0 when there is no topic of letters yet", async () => {
  const admin = { readTopic: () => Promise.reject(new Fatal("TOPIC_MISSING", "none")) };
  assert.equal(await countStranded({ codec, admin }, { ...change, after: Larger.avro }), 0);
});
