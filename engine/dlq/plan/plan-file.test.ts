/** Saved plans of replays: read back, and every file that is none refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadReplayPlan, readReplayPlan, type SavedReplay, writeReplayPlan } from "./plan-file.ts";

const saved: SavedReplay = {
  topology: "shop",
  clusterId: "cluster-1",
  deployed: "a".repeat(64),
  document: {
    version: 1,
    selection: { fingerprint: "ab", states: ["open"], attempt: { below: 3 } },
    letters: { 0: "1-3,7" },
    count: 4,
    letterEnds: ["9"],
    retryEnds: ["0"],
    limits: { rate: 0.5, canary: 20, abortAtPercent: 20, maxLag: 10_000, maxAttempts: 3, wait: true },
  },
};
const text = writeReplayPlan(saved);

test("readReplayPlan: reads what was written", () => assert.deepEqual(readReplayPlan(text), saved));

const files: readonly [what: string, file: string, why: RegExp][] = [
  ["it is empty", "", /no plan of a replay/],
  ["it is no JSON", "{", /no plan of a replay/],
  ["it is another plan", '{"kind":"sluice.plan","version":1}', /no plan of a replay/],
  ["it is of another version", text.replace('"version": 1', '"version": 2'), /version 2, this sluice reads version 1/],
  ["a letter was added by hand", text.replace("1-3,7", "1-3,8"), /changed after it was written/],
  ["ranges are no ranges", text.replace("1-3,7", "1-3;7"), /no plan of a replay/],
  ["it is cut off", text.slice(0, -20), /no plan of a replay/],
];
for (const [what, file, why] of files)
  test(`readReplayPlan: refuses a file when ${what}`, () => {
    assert.throws(
      () => readReplayPlan(file),
      (error) => error instanceof BadReplayPlan && why.test(error.message),
    );
  });
