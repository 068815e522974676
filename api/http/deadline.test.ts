// Deadlines: the answer, the limit, and what comes after the limit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadlinePassed, within } from "./deadline.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import { fakeClock } from "../testing/testing.ts";

test("deadline: answers and holds no timer when the work ends in time", async () => {
  const clock = fakeClock();
  assert.equal(await within(clock, 10, async () => 7), 7);
  await assert.rejects(
    within(clock, 10, async () => {
      throw new Error("broken");
    }),
    /broken/,
  );
  assert.equal(clock.timers(), 0);
});

test("deadline: rejects when the work is late, lets the work know, and swallows its end", async () => {
  const clock = fakeClock();
  const { promise, reject } = Promise.withResolvers<number>();
  let passed = (): boolean => false;
  const late = within(clock, 10, (deadline) => {
    passed = deadline.passed;
    return promise;
  });
  clock.advance(9);
  assert.equal(passed(), false);
  clock.advance(1);
  assert.equal(passed(), true);
  await assert.rejects(late, DeadlinePassed);
  reject(new Error("swallowed"));
  await settled();
});
