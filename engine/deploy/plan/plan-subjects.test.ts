/** What a plan does about the level of a subject. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aDesired, appliedLive } from "../testing/documents.ts";
import type { LiveSubject } from "./live.ts";
import { planOf } from "./plan.ts";

const before = aDesired();
const applied = { number: 1, clusterId: "cluster-1", document: before };

test("plan: registers a compatible schema, and sets or raises the level", () => {
  const subjectPlan = (over: Partial<LiveSubject>) => {
    const found = { latest: 3, registered: true, compatible: true, level: "BACKWARD_TRANSITIVE", ...over };
    const subjects = { ...appliedLive(before).subjects, "in-value": found };
    return planOf({
      desired: before,
      applied,
      recorded: true,
      live: appliedLive(before, { subjects }),
      allow: {},
    }).changes.map(({ text }) => text);
  };
  assert.deepEqual(subjectPlan({}), []);
  assert.deepEqual(subjectPlan({ registered: false }), ["v3 -> v4, readers first"]);
  assert.deepEqual(subjectPlan({ level: null }), ["level BACKWARD_TRANSITIVE"]);
  assert.deepEqual(subjectPlan({ level: "BACKWARD" }), ["level BACKWARD -> BACKWARD_TRANSITIVE"]);
});

test("plan: never lowers the level when an older deployment declares the lower one", () => {
  const declared = before.subjects["in-value"] ?? assert.fail();
  const older = { ...before, subjects: { ...before.subjects, "in-value": { ...declared, level: "BACKWARD" } } };
  const last = { ...applied, document: older };
  const { changes, refusals } = planOf({
    desired: older,
    applied: last,
    live: appliedLive(before),
    recorded: true,
    allow: {},
  });
  assert.deepEqual([changes, refusals], [[], []]);
});
