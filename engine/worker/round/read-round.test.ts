/** A round's records become values or errors, each by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Blocked } from "../../errors.ts";
import { type AvroJson, record, string } from "../../avro/avro.ts";
import { createCodec } from "../../avro/codec.ts";
import { topic } from "../../avro/topic.ts";
import { ForeignSchema } from "../../registry/foreign-schema.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import type { LogRecord } from "../../log/log.ts";
import { readRound, Unread } from "./read-round.ts";

const Text = record("test.v1.Text", { text: string() });
const texts = topic("texts", Text, { key: "text", id: ({ text }) => text });
/** Schema 1 is the topic's, 2 is another subject's, and there are no others. */
const schemas = new Map<number, AvroJson | ForeignSchema>([
  [1, Text.avro],
  [2, new ForeignSchema(["invoices-value"])],
]);
let now = 0;
const codec = createCodec({
  source: { schemaOf: async (id: number) => schemas.get(id), idOf: async () => 1 },
  now: () => now,
});

test("read round: gives a processor the record's key and headers by reference, and its timestamp as that of its acceptance", async () => {
  const encode = await codec.encoder(texts);
  const [key, headers] = [Buffer.from("a"), { traceparent: Buffer.from("00-1"), tags: [Buffer.from("x"), null] }];
  const record: LogRecord = { offset: 9n, timestampMs: 17, key, headers, value: encode({ text: "a" }) };
  const [read] = await readRound([{ record, lane: "a" }], {
    ...{ source: texts as AnyTopic, partition: 3, decoder: codec.decoder(texts), attempt: (_, run) => run() },
  });
  assert.ok(read && !(read instanceof Unread));
  const { context } = read;
  assert.equal(context.key, key);
  assert.equal(context.headers, headers);
  const { partition, offset, timestampMs, acceptedAtMs } = context;
  assert.deepEqual(
    { partition, offset, timestampMs, acceptedAtMs },
    { partition: 3, offset: 9n, timestampMs: 17, acceptedAtMs: 17 },
  );
});

test("read round: makes a record poison with its place when its batch could not be read, and reads the others", async () => {
  const encode = await codec.encoder(texts);
  const fields = { timestampMs: 1, key: null, headers: {} };
  const unreadable: LogRecord = { ...fields, offset: 7n, value: null, unreadable: "batch of the offsets 7 to 7: lz4" };
  const readable: LogRecord = { ...fields, offset: 8n, value: encode({ text: "a" }) };
  const [first, second] = await readRound(
    [unreadable, readable].map((one) => ({ record: one, lane: String(one.offset) })),
    // Erasure: the topology's DSL does the same.
    { source: texts as AnyTopic, partition: 0, decoder: codec.decoder(texts), attempt: (_, run) => run() },
  );
  assert.ok(first instanceof Unread);
  assert.equal(first.error.code, "UNREADABLE_BATCH");
  assert.equal(first.error.message, "offset 7 cannot be read: batch of the offsets 7 to 7: lz4");
  assert.ok(second && !(second instanceof Unread));
  assert.equal(second.context.idempotencyKey, "a");
});

test("read round: names the schema that is missing, and does not call the registry away, when the registry has none yet", async () => {
  const value = Buffer.from([0, 0, 0, 0, 77, 0]);
  const record: LogRecord = { offset: 1n, timestampMs: 1, key: null, headers: {}, value };
  const reading = { source: texts as AnyTopic, partition: 0, decoder: codec.decoder(texts) };
  const read = readRound([{ record, lane: "a" }], { ...reading, attempt: (_, run) => run() });
  await assert.rejects(read, (error) => error instanceof Blocked && error.code === "UNKNOWN_SCHEMA");
});

test("read round: names the subjects, and makes the record poison after 3 s, when its schema is another subject's", async () => {
  const value = Buffer.from([0, 0, 0, 0, 2, 0]);
  const record: LogRecord = { offset: 1n, timestampMs: 1, key: null, headers: {}, value };
  const reading = { source: texts as AnyTopic, partition: 0, decoder: codec.decoder(texts) };
  const read = () => readRound([{ record, lane: "a" }], { ...reading, attempt: (_, run) => run() });
  now = 100_000;
  await assert.rejects(read(), (error) => {
    assert.ok(error instanceof Blocked && error.code === "FOREIGN_SCHEMA");
    assert.match(error.message, /^schema 2 is registered for invoices-value, and not for this topic/);
    return true;
  });
  now += 3_000;
  const [decided] = await read();
  assert.ok(decided instanceof Unread);
  assert.equal(decided.error.code, "FOREIGN_SCHEMA");
  assert.equal(
    decided.error.message,
    "offset 1 of texts cannot be read: schema 2 is registered for invoices-value, and not for this topic",
  );
});
