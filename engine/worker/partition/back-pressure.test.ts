/** When a partition is paused, with and without keys that are held. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBackPressure } from "./back-pressure.ts";
import type { Round } from "./in-flight.ts";
import { heldTimes } from "./limits.ts";

/** Only its size counts. */
const records = (count: number): Round => Array.from({ length: count }, () => ({ sizeBytes: 1 })) as unknown as Round;

const pressed = () => {
  const state = { held: 0, paused: false };
  const pressure = createBackPressure(
    { maxRecords: 100, maxBytes: 10_000 },
    () => state.held,
    (paused) => {
      state.paused = paused;
    },
  );
  const enter = (count: number, held = 0) => {
    state.held += held;
    pressure.entered(records(count));
    pressure.balance();
    return state.paused;
  };
  return { pressure, state, enter };
};

test("back pressure: pauses above its bound and resumes at half of it when nothing is held", () => {
  const { pressure, state, enter } = pressed();
  assert.equal(enter(100), false);
  assert.equal(enter(1), true);
  pressure.finished(records(50), 0);
  pressure.balance();
  assert.equal(state.paused, true);
  pressure.finished(records(1), 0);
  pressure.balance();
  assert.equal(state.paused, false);
});

test("back pressure: counts what is held beside the others, up to a bound of its own, when some is", () => {
  const { enter } = pressed();
  assert.equal(enter(heldTimes * 100, heldTimes * 100), false);
  assert.equal(enter(100), false);
  assert.equal(enter(1, 1), true);
});
