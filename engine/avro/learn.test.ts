/** What asking for schemas that are not known comes to, and what of it a registry sees. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AvroJson, record, string } from "./avro.ts";
import { createCodec } from "./codec.ts";
import { RegistryRefused, RegistryUnavailable } from "../registry/http.ts";
import { topic } from "./topic.ts";

const Text = record("test.v1.Text", { text: string() });
const texts = topic("test", Text, { key: () => "k", id: () => "i" });

interface Limits {
  readonly unknownIdGraceMs?: number;
  readonly unknownIdRetryMs?: number;
}

/** A decoder on a registry without any schema, which a test fills, takes away and counts; and a clock. */
const unlearnt = (options: Limits = {}) => {
  let at = 0;
  const schemas: Record<number, AvroJson> = {};
  const state = {
    schemas,
    away: false,
    refuses: false,
    asked: 0,
    inFlight: 0,
    mostInFlight: 0,
    perSecond: new Map<number, number>(),
  };
  const schemaOf = async (id: number): Promise<AvroJson | undefined> => {
    state.asked++;
    const second = Math.floor(at / 1_000);
    state.perSecond.set(second, (state.perSecond.get(second) ?? 0) + 1);
    state.mostInFlight = Math.max(state.mostInFlight, ++state.inFlight);
    await Promise.resolve();
    state.inFlight--;
    if (state.refuses) throw new RegistryRefused("test", {});
    if (state.away) throw new RegistryUnavailable("test", {});
    return schemas[id];
  };
  const source = { schemaOf, idOf: async () => undefined };
  const codec = createCodec({ source, now: () => at, ...options });
  return { decoder: codec.decoder(texts), codec, state, pass: (ms: number) => (at += ms), now: () => at };
};

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

test("learn: says refused while the registry refuses our credentials, and known once it does not", async () => {
  const { decoder, state } = unlearnt();
  state.refuses = true;
  assert.deepEqual(await Promise.all([7, 8].map((id) => decoder.learn(id))), ["refused", "refused"]);
  state.refuses = false;
  state.schemas[7] = Text.avro;
  assert.equal(await decoder.learn(7), "known");
});

test("learn: says awaited for an unknown id until its grace is over, and unknown from then on", async () => {
  const { decoder, pass } = unlearnt({ unknownIdGraceMs: 5_000, unknownIdRetryMs: 1_000 });
  assert.equal(await decoder.learn(7), "awaited");
  pass(4_999);
  assert.equal(await decoder.learn(7), "awaited");
  pass(1_000);
  assert.equal(await decoder.learn(7), "unknown");
});

test("learn: gives a run of unknown ids one grace in all, and one that comes after a pause another", async () => {
  const { decoder, pass } = unlearnt({ unknownIdGraceMs: 5_000 });
  await decoder.learn(7);
  pass(5_000);
  assert.equal(await decoder.learn(8), "unknown");
  assert.equal(await decoder.learn(7), "unknown");
  pass(5_001);
  assert.equal(await decoder.learn(9), "awaited");
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
  assert.equal(await decoder.learn(7), "awaited");
  assert.equal(state.asked, 1);
  pass(1);
  await decoder.learn(7);
  assert.equal(state.asked, 2);
});

test("learn: an id becomes unknown by a question that was asked after its grace", async () => {
  const { decoder, state, pass } = unlearnt({ unknownIdGraceMs: 1_500, unknownIdRetryMs: 1_000 });
  await decoder.learn(7);
  pass(1_000);
  assert.equal(await decoder.learn(7), "awaited");
  pass(500);
  assert.equal(await decoder.learn(7), "awaited");
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
  assert.equal(await answer, "awaited", "the process stood still, and the id may have been published since");
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

test("learn: asks one question for each of the ids that wait when the registry goes away, not all of them", async () => {
  const { decoder, state } = unlearnt();
  state.away = true;
  const learned = await Promise.all(Array.from({ length: 100 }, (_, id) => decoder.learn(id)));
  assert.deepEqual(new Set(learned), new Set(["unavailable"]));
  assert.ok(state.asked <= 8, `${state.asked}`);
});

test("learn: ends for a round of 1,500 unknown ids, asks no more than its bound, and finds one that is known among them", async () => {
  const { decoder, state, pass, now } = unlearnt();
  state.schemas[1_000] = Text.avro;
  const ids = Array.from({ length: 1_500 }, (_, id) => id);
  // As a round does: all that are not known at once, and again after a pause until each has its answer.
  const verdicts = new Map<number, string>();
  for (let round = 0; round < 60 && verdicts.size < ids.length; round++) {
    const open = ids.filter((id) => verdicts.get(id) !== "known");
    const learned = await Promise.all(open.map((id) => decoder.learn(id)));
    const isOpen = learned.some((one) => one === "postponed" || one === "awaited");
    for (const [index, id] of open.entries()) {
      const verdict = learned[index];
      if (verdict === "known" || !isOpen) verdicts.set(id, verdict ?? "none");
    }
    pass(1_500);
  }
  assert.equal(verdicts.size, ids.length, `after ${now()} ms`);
  assert.equal(verdicts.get(1_000), "known");
  assert.ok(now() <= 60_000, `${now()} ms`);
  assert.ok(state.asked <= 2.5 * ids.length, `${state.asked} questions`);
  assert.ok(Math.max(...state.perSecond.values()) <= 400 && state.mostInFlight <= 8);
});

test("learn: ends for 10,000 unknown ids that come one after another, within one grace", async () => {
  const { decoder, state, pass, now } = unlearnt();
  for (let id = 0; id < 10_000; id++) {
    for (let attempt = 0; (await decoder.learn(id)) !== "unknown" && attempt < 100; attempt++) pass(1_500);
  }
  assert.ok(now() <= 120_000, `${now()} ms`);
  assert.ok(state.asked <= 10_100, `${state.asked} questions`);
});

test("learn: leaves what one topic learnt to that topic", async () => {
  const { codec, state, decoder } = unlearnt();
  state.schemas[1] = Text.avro;
  await decoder.learn(1);
  const bytes = Buffer.from([0, 0, 0, 0, 1, 0]);
  assert.equal(decoder.decode(bytes).kind, "value");
  assert.equal(codec.decoder(texts).decode(bytes).kind, "unknownSchema");
});
