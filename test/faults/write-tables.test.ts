/** What is kept of crashes that were tried at some points only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type KeptOf, withOtherPoints } from "./write-tables.ts";

const kept = (on: string, points: readonly string[], missed: readonly string[] = []): KeptOf<string> => ({
  ...{ fault: "crash-1", seed: 1, on, seconds: 1, amiss: [], slow: 0, recoveriesMs: [], findings: on },
  ...{ missed, times: points.length, deaths: points.map((point) => ({ point, hit: 1, missed: undefined })) },
});

test("kept results: keep the other points and the row of all when a crash was tried at some points only", () => {
  const { deaths, times, on } = withOtherPoints(kept("today", ["b", "c"]), kept("before", ["a", "b"]));
  assert.deepEqual([deaths?.map(({ point }) => point), times, on], [["a", "b", "c"], 3, "before"]);
});

test("kept results: are those of the latest run when all points were tried, or something went wrong", () => {
  const whole = kept("today", ["a", "b"]);
  assert.equal(withOtherPoints(whole, kept("before", ["a", "b"])), whole);
  assert.equal(withOtherPoints(whole, undefined), whole);
  const wrong = kept("today", ["b"], ["b: it did not die"]);
  assert.equal(withOtherPoints(wrong, kept("before", ["a", "b"])), wrong);
});
