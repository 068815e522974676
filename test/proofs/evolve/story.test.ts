/** The proof says no where something is missing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isHeld, type Told } from "./story.ts";

const phase = { apis: "a", workers: "a and b", accepted: 10, decided: 10, slowestMs: 1, byRelease: { a: 5, b: 5 } };
const good: Omit<Told, "held"> = {
  first: "workers",
  commands: [{ command: "verify", exitCode: 0, expected: 0, tookMs: 1, text: "" }],
  phases: [phase],
  replies: { issued: 8, refused: 2, undecided: 0, turnedAway: 1, unanswered: 0 },
  accepted: 10,
  inTopic: 10,
  withVerdict: 10,
  deadLetters: 0,
  records: { v1: 5, "v2, channel=web": 5 },
  seconds: 1,
};

const faults: Readonly<Record<string, Partial<Told>>> = {
  "nothing was accepted": { accepted: 0, inTopic: 0, withVerdict: 0 },
  "a request is not in the topic": { inTopic: 9 },
  "a request has no verdict": { withVerdict: 9 },
  "a client was never told": { replies: { ...good.replies, undecided: 1 } },
  "a client got no answer": { replies: { ...good.replies, unanswered: 1 } },
  "a record was dead-lettered": { deadLetters: 1 },
  "one version alone was written": { records: { v1: 10 } },
  "workers of one release decided nothing": { phases: [{ ...phase, byRelease: { a: 10, b: 0 } }] },
  "a command ended otherwise": {
    commands: [{ command: "verify", exitCode: 1, expected: 0, tookMs: 1, text: "" }],
  },
};

test("evolve: holds when everything is accounted for", () => {
  assert.equal(isHeld(good), true);
});

for (const [what, fault] of Object.entries(faults))
  test(`evolve: does not hold when ${what}`, () => {
    assert.equal(isHeld({ ...good, ...fault }), false);
  });
