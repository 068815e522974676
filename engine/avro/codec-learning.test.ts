/** What a decoder does about schemas that it does not know yet; how they are asked for: learn.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCodec, encoderFor } from "./codec.ts";
import { decoderOf, framed, memoryRegistry, testClock, Text, texts, decodedValue } from "./testing/codec-parts.ts";

/** A decoder of texts on a registry without any schema, with a clock. */
const unlearnt = () => {
  const time = testClock();
  const { source, state } = memoryRegistry();
  const decoder = createCodec({ source, now: time.now }).decoder(texts);
  return { ...time, state, decoder, bytes: encoderFor(texts, 7)({ text: "a" }) };
};

test("decoder: asks for a writer's schema to be learnt, then reads", async () => {
  const { decoder, state, bytes } = unlearnt();
  assert.deepEqual(decoder.decode(bytes), { kind: "unknownSchema", id: 7 });
  state.schemas[7] = Text.avro;
  assert.equal(await decoder.learn(7), "known");
  assert.deepEqual(decodedValue(decoder.decode(bytes)), { text: "a" });
});

test("decoder: reads the id of a frame as it was written when that has its highest bit", async () => {
  const { decode } = await decoderOf(texts, Text.avro);
  const decoded = decode(framed(-2, Buffer.alloc(1)));
  assert.deepEqual(decoded, { kind: "malformed", why: "it names schema -2, which no registry gives" });
});
