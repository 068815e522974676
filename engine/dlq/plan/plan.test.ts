/** A fitness for each letter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aRecord } from "../testing/samples.ts";
import { aLetter } from "../testing/samples.ts";
import { type Letter, letterOf } from "../letters/letter.ts";
import type { LetterState, Standing } from "../letters/state.ts";
import { type LetterFacts, planReplay, sendingMs, type Fitness, fitnessOf } from "./plan.ts";

const facts: LetterFacts = {
  prospectOf: () => "sound",
  sources: new Map([["in", 2]]),
  maxAttempts: 3,
};
const standing = (letter: Letter, state: LetterState = "open"): Standing => ({ letter, state, copies: 0, retries: [] });
const being = (prospect: ReturnType<LetterFacts["prospectOf"]>) => ({ prospectOf: () => prospect });
const withoutBytes = { dropped: "stack,key,value,headers" };

const cases: readonly [fitness: Fitness, what: string, Standing, Partial<LetterFacts>][] = [
  ["ready", "it is open and readable", standing(aLetter(1)), {}],
  ["ready", "it has one attempt left", standing(aLetter(1, { attempt: "2" })), {}],
  ["over-cap", "it has had as many attempts", standing(aLetter(1, { attempt: "3" })), {}],
  ["unreadable", "its schema is unknown", standing(aLetter(1)), being("unreadable")],
  ["wrong", "a check of its topic refuses it", standing(aLetter(1)), being("wrong")],
  ["too-large", "it is larger than its topic's", standing(aLetter(1)), being("too-large")],
  ["busy", "it is pending", standing(aLetter(1), "pending"), {}],
  ["ready", "it has no bytes and its origin has", standing(aLetter(1, withoutBytes)), {}],
  ["too-large", "its origin has its bytes, and too many", standing(aLetter(1, withoutBytes)), being("too-large")],
  ["no-bytes", "nobody has its bytes", standing(aLetter(1, withoutBytes)), being("gone")],
  ["ready", "it lacks only its stack", standing(aLetter(1, { dropped: "stack" })), {}],
  ["damaged", "its headers are no numbers", standing(aLetter(1, { attempt: "x" })), {}],
  ["damaged", "it has no headers", standing(letterOf({ topic: "shop.dlq", partition: 0 }, aRecord())), {}],
  ["elsewhere", "the topology does not read its topic", standing(aLetter(1, { topic: "other" })), {}],
  ["elsewhere", "there is no such partition", standing(aLetter(1, { partition: "2" })), {}],
  ["settled", "it was resolved", standing(aLetter(1), "resolved"), {}],
  ["settled", "it was discarded", standing(aLetter(1), "discarded"), {}],
];
for (const [fitness, what, letter, over] of cases)
  test(`fitnessOf: is ${fitness} when ${what}`, () => assert.equal(fitnessOf(letter, { ...facts, ...over }), fitness));

const limits = { rate: 200, canary: 20, abortAtPercent: 20, maxLag: 10_000, maxAttempts: 3, wait: true };
const about = { topology: "shop", selection: {}, limits, letterEnds: ["9"], retryEnds: ["0"] };

test("planReplay: counts fitnesses, packs what is ready and keeps a few examples of the rest", () => {
  const selected = [
    ...[1, 2, 4].map((offset) => standing(aLetter(offset))),
    ...Array.from({ length: 7 }, (_, n) => standing(aLetter(10 + n, { attempt: "9" }))),
  ];
  const plan = planReplay(selected, facts, about);
  assert.deepEqual([plan.counts.ready, plan.counts["over-cap"], plan.counts.busy], [3, 7, 0]);
  assert.deepEqual(plan.letters, { 0: "1-2,4" });
  assert.equal(plan.examples["over-cap"]?.length, 5);
});

test("sendingMs: leaves the canary out", () => {
  assert.equal(sendingMs(420, limits), 2_000);
  assert.equal(sendingMs(5, limits), 0);
});
