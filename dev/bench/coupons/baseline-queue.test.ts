/** When the scheduler of the waiting queue ticks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTick } from "./baseline-queue.ts";

test("waiting queue: ticks a tenth of a second after the last tick was due when that took less", () => {
  assert.equal(nextTick(1_000, 1_030), 1_100);
});

test("waiting queue: ticks at once, and makes up for no missed tick, when the last tick took longer", () => {
  assert.equal(nextTick(1_000, 1_350), 1_350);
});
