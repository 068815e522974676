/** A check with a registry, dead letters and records: what is read, what stops, and what is not looked at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AvroJson } from "../../avro/avro.ts";
import { createCodec, encoderFor } from "../../avro/codec.ts";
import { memoryRegistry } from "../../registry/testing/memory-registry.ts";
import { readable } from "../../deploy/run/letters.ts";
import type { LogRecord } from "../../log/log.ts";
import { deadLetterPrefix } from "../../worker/round/letter-headers.ts";
import { checkOffline, checkOnline, isStopped } from "./check.ts";
import type { SampleReader } from "./sample.ts";

const of = (...fields: AvroJson[]): AvroJson => ({ type: "record", name: "n.R", fields });
const text = { name: "t", type: "string" };
const first = of(text);
const grown = of(text, { name: "note", type: ["null", "string"], default: null });
const judging = { today: "2026-11-27" };
const users = { topic: "in", readers: ["shop"], writers: [] };

/** One record of each topic that the schema with id 1 wrote, one of bytes that nothing reads, one from another topic. */
const reader = (writer: AvroJson): SampleReader => {
  const written = encoderFor(readable("in", writer), 1)({ t: "a" });
  const record = (value: Buffer, topic: string): LogRecord => ({
    ...{ offset: 0n, timestampMs: 0, key: null, value },
    headers: { [`${deadLetterPrefix}topic`]: Buffer.from(topic) },
  });
  const source = { schemaOf: async () => writer, idOf: async () => undefined };
  return {
    codec: createCodec({ source, now: () => 0 }),
    admin: {
      partitionCounts: async () => new Map([["in", 2]]),
      readTopic: async (topic, onRecords) => {
        await onRecords(0, [record(written, "in"), record(Buffer.from("junk"), "in")]);
        if (topic.endsWith(".dlq")) await onRecords(1, [record(written, "elsewhere")]);
      },
    },
  };
};
const check = async (avro: AvroJson, registered: AvroJson, more: { readonly sample?: number } = {}) => {
  const admin = memoryRegistry();
  admin.put("in-value", registered);
  let read = 0;
  const open = async () => {
    read += 1;
    return reader(registered);
  };
  const checked = await checkOnline({ subject: "in-value", avro, users }, { admin, reader: open, ...more }, judging);
  return { checked, read };
};

test("check: decodes dead letters with a schema that is new, and passes over those of other topics", async () => {
  const { checked } = await check(grown, first);
  assert.deepEqual(checked.letters, { readable: 1, of: 2, stranded: 0 });
  assert.deepEqual([checked.sampled, checked.registry, isStopped(checked)], [undefined, "agrees", false]);
});

test("check: decodes records when a sample is asked for", async () => {
  const { checked } = await check(grown, first, { sample: 10 });
  assert.deepEqual(checked.sampled, { readable: 1, of: 2, stranded: 0 });
});

test("check: reads no topic when the schema is registered and no sample is asked for", async () => {
  const { checked, read } = await check(first, first);
  assert.deepEqual([read, checked.letters, checked.advice], [0, undefined, undefined]);
});

test("check: stops when letters and records that are readable now would not be", async () => {
  const { checked } = await check(of({ name: "n", type: "int" }), first, { sample: 10 });
  assert.deepEqual(
    checked.troubles.map(({ code }) => code),
    ["LETTERS_UNREADABLE", "RECORDS_UNREADABLE"],
  );
  assert.equal(isStopped(checked), true);
});

test("check offline: stops at a schema that is in no version of the repository, and at one that cannot read them", async () => {
  const history = {
    versions: async () => [{ number: 1, avro: first }],
    subjects: async () => ["in-value"],
    append: async () => assert.fail("only looks"),
    file: () => "1.avsc",
  };
  const codesOf = async (avro: AvroJson) => {
    const checked = await checkOffline({ subject: "in-value", avro, users }, history, judging);
    return [isStopped(checked), checked.verdict.refused, checked.troubles.map(({ code }) => code).join()];
  };
  assert.deepEqual(await codesOf(first), [false, false, ""]);
  assert.deepEqual(await codesOf(grown), [true, false, "NOT_RECORDED"]);
  assert.deepEqual(await codesOf(of({ name: "n", type: "int" })), [true, true, ""]);
});
