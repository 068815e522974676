/** Values of letters, read with the present schema, whatever the registry says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, string } from "../../avro/avro.ts";
import { createCodec } from "../../avro/codec.ts";
import { RegistryUnavailable } from "../../registry/http.ts";
import { topic } from "../../avro/topic.ts";
import { letterDecoder, readOrWhy } from "./decode.ts";

const Text = record("test.v1.Text", { text: string() });
const texts = topic("texts", Text, { key: "text", id: ({ text }) => text });

const decoderWith = (schemaOf: (id: number) => Promise<typeof Text.avro | undefined>) => {
  const codec = createCodec({ source: { schemaOf, idOf: async () => 1 }, now: () => 0, unknownIdGraceMs: 0 });
  return { codec, decoder: letterDecoder(codec, [texts]) };
};

test("letterDecoder: reads a value, learning its schema first", async () => {
  const { codec, decoder } = decoderWith(async () => Text.avro);
  const bytes = (await codec.encoder(texts))({ text: "a" });
  assert.deepEqual(await decoder.read("texts", bytes), { kind: "value", value: { text: "a" } });
  // Known now: at once.
  assert.ok(!(decoder.read("texts", bytes) instanceof Promise));
});

test("letterDecoder: is unreadable when bytes, schema or topic are not known", async () => {
  const { decoder } = decoderWith(async () => undefined);
  const framed = Buffer.from([0, 0, 0, 0, 9, 1]);
  const whys = [];
  for (const [name, bytes] of [
    ["texts", null],
    ["texts", Buffer.from("x")],
    ["texts", framed],
    ["other", framed],
  ] as const) {
    const reading = await decoder.read(name, bytes);
    whys.push(reading.kind === "unreadable" ? reading.why : reading.kind);
  }
  assert.deepEqual(whys, [
    "the value is null",
    "1 bytes are too few for a frame of 5",
    "the registry has no schema 9",
    "no topology here reads other",
  ]);
});

test("letterDecoder: throws when the registry does not answer", async () => {
  const { decoder } = decoderWith(() => Promise.reject(new Error("refused")));
  await assert.rejects(async () => decoder.read("texts", Buffer.from([0, 0, 0, 0, 9, 1])), RegistryUnavailable);
});

test("readOrWhy: says that the registry does not answer, as why a value is unreadable, when it is away", async () => {
  const { decoder } = decoderWith(() => Promise.reject(new RegistryUnavailable("schema 9", {})));
  const reading = await readOrWhy(decoder, "texts", Buffer.from([0, 0, 0, 0, 9, 1]));
  assert.equal(reading.kind, "unreadable");
  assert.match(reading.kind === "unreadable" ? reading.why : "", /^the schema registry did not answer/);
});
