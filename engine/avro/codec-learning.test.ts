/** Schemas that are not known yet: how they are asked for, how long an unknown id is waited for, and what is remembered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Codec, createCodec, encoderFor } from "./codec.ts";
import { decoderOf, framed, memoryRegistry, testClock, Text, texts, decodedValue } from "./testing/codec-parts.ts";

/** A decoder of texts on a registry without any schema, with a clock. */
const unlearnt = (options: { readonly unknownIdGraceMs?: number; readonly unknownIdRetryMs?: number } = {}) => {
  const time = testClock();
  const { source, state } = memoryRegistry();
  const decoder = createCodec({ source, now: time.now, ...options }).decoder(texts);
  return { ...time, state, decoder, bytes: encoderFor(texts, 7)({ text: "a" }) };
};

test("decoder: asks for a writer's schema to be learnt, then reads", async () => {
  const { decoder, state, bytes } = unlearnt();
  assert.deepEqual(decoder.decode(bytes), { kind: "unknownSchema", id: 7 });
  state.schemas[7] = Text.avro;
  assert.equal(await decoder.learn(7), "known");
  assert.deepEqual(decodedValue(decoder.decode(bytes)), { text: "a" });
});

test("decoder: reads the id of a frame as it was written, also a negative one", async () => {
  const { decode } = await decoderOf(texts, Text.avro);
  assert.deepEqual(decode(framed(-2, Buffer.alloc(1))), { kind: "unknownSchema", id: -2 });
});

test("learn: says unavailable while the registry is away, however long", async () => {
  const { decoder, state, pass } = unlearnt({ unknownIdGraceMs: 100 });
  state.away = true;
  assert.equal(await decoder.learn(7), "unavailable");
  pass(1_000_000);
  assert.equal(await decoder.learn(7), "unavailable");
  state.away = false;
  state.schemas[7] = Text.avro;
  assert.equal(await decoder.learn(7), "known");
});

test("learn: says unavailable for an unknown id until its grace is over, and unknown from then on", async () => {
  const { decoder, pass } = unlearnt({ unknownIdGraceMs: 5_000, unknownIdRetryMs: 1_000 });
  assert.equal(await decoder.learn(7), "unavailable");
  pass(4_999);
  assert.equal(await decoder.learn(7), "unavailable");
  pass(1_000);
  assert.equal(await decoder.learn(7), "unknown");
});

test("learn: gives each id a grace of its own", async () => {
  const { decoder, pass } = unlearnt({ unknownIdGraceMs: 5_000 });
  await decoder.learn(7);
  pass(5_000);
  assert.equal(await decoder.learn(8), "unavailable");
  assert.equal(await decoder.learn(7), "unknown");
});

test("learn: knows an id that turns up within its grace, and after it", async () => {
  const { decoder, state, pass } = unlearnt({ unknownIdGraceMs: 5_000 });
  await decoder.learn(7);
  await decoder.learn(8);
  pass(2_000);
  state.schemas[7] = Text.avro;
  assert.equal(await decoder.learn(7), "known");
  pass(5_000);
  assert.equal(await decoder.learn(8), "unknown");
  state.schemas[8] = Text.avro;
  pass(1_000);
  assert.equal(await decoder.learn(8), "known");
});

test("learn: asks again for an unknown id only after its interval", async () => {
  const { decoder, state, pass } = unlearnt({ unknownIdRetryMs: 1_000 });
  await decoder.learn(7);
  pass(999);
  assert.equal(await decoder.learn(7), "unavailable");
  assert.equal(state.asked, 1);
  pass(1);
  await decoder.learn(7);
  assert.equal(state.asked, 2);
});

test("learn: an id becomes unknown by a question that was asked after its grace", async () => {
  const { decoder, state, pass } = unlearnt({ unknownIdGraceMs: 1_500, unknownIdRetryMs: 1_000 });
  await decoder.learn(7);
  pass(1_000);
  assert.equal(await decoder.learn(7), "unavailable");
  pass(500);
  assert.equal(await decoder.learn(7), "unavailable");
  pass(500);
  assert.equal(await decoder.learn(7), "unknown");
  assert.equal(state.asked, 3);
});

test("learn: judges an answer by when it was asked for when it was heard much later", async () => {
  const { decoder, pass } = unlearnt({ unknownIdGraceMs: 5_000, unknownIdRetryMs: 1_000 });
  await decoder.learn(7);
  pass(2_000);
  const answer = decoder.learn(7);
  pass(60_000);
  assert.equal(await answer, "unavailable", "the process stood still, and the id may have been published since");
  assert.equal(await decoder.learn(7), "unknown");
});

test("learn: shares one question among those who ask for an id at the same time", async () => {
  const { decoder, state } = unlearnt();
  state.schemas[7] = Text.avro;
  assert.deepEqual(await Promise.all([decoder.learn(7), decoder.learn(7), decoder.learn(7)]), [
    "known",
    "known",
    "known",
  ]);
  assert.equal(state.asked, 1);
  state.away = true;
  assert.deepEqual(await Promise.all([decoder.learn(8), decoder.learn(8)]), ["unavailable", "unavailable"]);
  assert.equal(state.asked, 2);
});

test("learn: asks again at once after the registry was away", async () => {
  const { decoder, state } = unlearnt();
  state.away = true;
  await decoder.learn(7);
  await decoder.learn(7);
  assert.equal(state.asked, 2);
});

test("learn: remembers a bounded number of unknown ids, the latest of them", async () => {
  const { decoder, state } = unlearnt();
  for (let id = 0; id < 1_001; id++) await decoder.learn(id);
  assert.equal(state.asked, 1_001);
  await decoder.learn(1_000);
  await decoder.learn(1);
  assert.equal(state.asked, 1_001);
  await decoder.learn(0);
  assert.equal(state.asked, 1_002);
});

test("learn: leaves what one topic learnt to that topic", async () => {
  const { source } = memoryRegistry({ 1: Text.avro });
  const codec: Codec = createCodec({ source, now: () => 0 });
  await codec.decoder(texts).learn(1);
  assert.equal(codec.decoder(texts).decode(framed(1, Buffer.alloc(1))).kind, "unknownSchema");
});
