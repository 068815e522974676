/** The exit code and the advice of each way an apply can end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplyLockLost } from "../../deploy/deployments.ts";
import type { ApplyOutcome } from "../../deploy/run/apply.ts";
import { Unavailable } from "../../errors.ts";
import { aDesired, appliedLive } from "../../deploy/testing/documents.ts";
import { planOf } from "../../deploy/plan/plan.ts";
import { outcomeError } from "./outcome.ts";

const desired = aDesired();
const applied = { number: 3, clusterId: "cluster-1", document: desired, besides: {}, actor: "ci", deployedAt: 0 };
const plannedFor = (declared: typeof desired, clusterId = "cluster-1") => {
  const live = appliedLive(desired, { clusterId });
  return {
    desired: declared,
    allow: {},
    applied,
    live,
    plan: planOf({ desired: declared, applied, live, recorded: true, allow: {} }),
  };
};
const unchanged = plannedFor(desired);
const risky = plannedFor(aDesired({ in: { settings: { "retention.ms": "1" } } }));
const plain = plannedFor(aDesired({ in: { settings: { ...desired.topics["in"]?.settings, "segment.ms": "1" } } }));
const left = [{ does: "recordDeployment" }] as const;
const operation = { number: 7, actor: "ci", host: "h1", verb: "topology apply", reason: null, startedAt: 1 };

const cases: readonly [exitCode: number, code: string, fix: RegExp, outcome: ApplyOutcome][] = [
  [4, "OTHER_CLUSTER", /--new-cluster/, { kind: "refused", planned: plannedFor(desired, "cluster-2") }],
  [2, "CONFIRM_BY_NAME", /apply --confirm in$/, { kind: "declined", planned: risky }],
  [2, "NOT_CONFIRMED", /^$/, { kind: "declined", planned: plain }],
  [5, "APPLY_BUSY", /topology log/, { kind: "busy", by: { ...operation, endedAt: null, result: null } }],
  [5, "PLAN_OUT_OF_DATE", /topology plan/, { kind: "moved", paths: ["topics.in"] }],
  [6, "UNAVAILABLE", /goes on/, { kind: "partial", left, error: new Unavailable("kafka", "away") }],
  [5, "APPLY_LOCK_LOST", /goes on/, { kind: "partial", left, error: new ApplyLockLost() }],
  [130, "INTERRUPTED", /^$/, { kind: "interrupted", left }],
];
for (const [exitCode, code, fix, outcome] of cases) {
  test(`outcomeError: is ${code} with exit code ${exitCode} when an apply is ${outcome.kind}`, () => {
    const error = outcomeError(outcome) ?? assert.fail("no error");
    assert.deepEqual([error.exitCode, error.code], [exitCode, code]);
    assert.match(error.fix ?? "", fix);
  });
}

test("outcomeError: is none when it went through or nothing was to do", () => {
  assert.equal(outcomeError({ kind: "unchanged", planned: unchanged }), undefined);
  assert.equal(outcomeError({ kind: "applied", planned: plain, deployment: 4, operation: 8 }), undefined);
});
