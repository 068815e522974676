/** What a process remembers of its repairs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRepairs, repairsKept } from "./repairs.ts";

test("repairs: the latest stay, with their time, when there are more than a process remembers", () => {
  let now = 0;
  const repairs = createRepairs(() => ++now);
  for (let n = 1; n <= repairsKept + 5; n += 1) repairs.add({ what: `coupon ${n}`, before: "1 left", after: "2 left" });
  const latest = repairs.latest();
  assert.equal(latest.length, repairsKept);
  assert.deepEqual(latest[0], { atMs: 25, what: "coupon 25", before: "1 left", after: "2 left" });
  assert.equal(latest.at(-1)?.what, "coupon 6");
});
