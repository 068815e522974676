/** Values that are read from a topic's beginning, whatever anybody wrote there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, string } from "./avro.ts";
import { createCodec } from "./codec.ts";
import { readValue } from "./read-value.ts";
import { topic } from "./topic.ts";

const texts = topic("texts", record("test.v1.Text", { text: string() }), { key: () => "", id: () => "" });

const named = (id: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeInt32BE(id, 1);
  return bytes;
};

test("readValue: reads on when more unknown schema ids are in a topic than a registry may be asked for at once", async () => {
  const source = { schemaOf: async () => undefined, idOf: async () => undefined };
  const questionsPerSecond = 1_000;
  const codec = createCodec({ source, now: () => performance.now(), unknownIdGraceMs: 0, questionsPerSecond });
  const decoder = codec.decoder(texts);
  for (let id = 1; id <= 2 * questionsPerSecond + 200; id++)
    assert.equal((await readValue(decoder, named(id))).kind, "unreadable");
});
