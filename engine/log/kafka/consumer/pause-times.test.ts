/** How long a fetch waits while something is paused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PauseTimes } from "./pause-times.ts";

test("pause times: a fetch waits the whole time when nothing is paused", () => {
  assert.equal(new PauseTimes(250).fetchWaitMs(1_000), 250);
});

test("pause times: a fetch waits a quarter of the youngest pause, within bounds", () => {
  const pauses = new PauseTimes(250);
  pauses.pause("t/0", 0);
  pauses.pause("t/1", 1_000);
  assert.equal(pauses.fetchWaitMs(1_000), 10);
  assert.equal(pauses.fetchWaitMs(1_400), 100);
  assert.equal(pauses.fetchWaitMs(60_000), 250);
  pauses.resume("t/1");
  assert.equal(pauses.fetchWaitMs(1_400), 250);
});

test("pause times: pausing and resuming again changes nothing", () => {
  const pauses = new PauseTimes(250);
  assert.deepEqual([pauses.pause("t/0", 0), pauses.pause("t/0", 500)], [true, false]);
  assert.equal(pauses.fetchWaitMs(400), 100);
  assert.deepEqual([pauses.resume("t/0"), pauses.resume("t/0")], [true, false]);
  assert.equal(pauses.isPaused("t/0"), false);
});
