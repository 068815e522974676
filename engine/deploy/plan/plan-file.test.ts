/** A saved plan: read as written, and refused where it is none, of another version, or edited. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aDesired, appliedLive } from "../testing/documents.ts";
import { boundOf, liveHash, movedSince } from "./live.ts";
import { BadPlanFile, readPlanFile, writePlanFile } from "./plan-file.ts";

const desired = aDesired();
const live = appliedLive(desired, { members: { "test.shop": 3 } });
const text = writePlanFile(desired, { newGroup: true }, live);

test("plan file: is read as it was written, without group members", () => {
  assert.deepEqual(readPlanFile(text), { desired, allow: { newGroup: true }, observed: boundOf(live) });
});

const bad: readonly [what: string, text: string, message: RegExp][] = [
  ["it is empty", "", /no plan/],
  ["it is no JSON", "{", /no plan/],
  ["it is other JSON", '{"kind":"sluice.plan"}', /no plan/],
  ["it is of another version", text.replace('"version": 1,\n  "hash"', '"version": 2,\n  "hash"'), /version 2/],
  ["a value was edited", text.replace('"partitions": 6', '"partitions": 7'), /changed after/],
  ["a field was added", text.replace('"allow": {', '"allow": {\n      "newCluster": true,'), /changed after/],
];
for (const [what, content, message] of bad) {
  test(`plan file: is refused when ${what}`, () => {
    assert.throws(
      () => readPlanFile(content),
      (error) => error instanceof BadPlanFile && message.test(error.message),
    );
  });
}

test("live hash: does not depend on members, and does on everything else", () => {
  assert.equal(liveHash({ ...live, members: {} }), liveHash(live));
  assert.notEqual(liveHash({ ...live, deployment: 2 }), liveHash(live));
});

test("movedSince: names the paths that differ", () => {
  const later = { ...live, deployment: 2, topics: { ...live.topics, out: null } };
  assert.deepEqual(movedSince(boundOf(live), boundOf(later)), ["deployment", "topics.out"]);
  assert.deepEqual(movedSince(boundOf(live), boundOf(live)), []);
});
