/** Which release a feature level belongs to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseOf } from "./cluster-release.ts";

test("releaseOf: names the release by its first level, also for what is older and newer than is known", () => {
  const expected = { 11: "older than 3.6", 12: "3.6", 21: "3.9", 25: "4.0", 27: "4.1", 29: "4.2", 30: "4.3" };
  for (const [level, release] of Object.entries(expected)) assert.equal(releaseOf(Number(level)), release);
  assert.equal(releaseOf(40), "4.4 or newer");
});
