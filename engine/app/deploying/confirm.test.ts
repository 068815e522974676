/** Who is asked what before a plan is carried out, and what a plan looks like. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aDesired, appliedLive, asDeclared } from "../../deploy/testing/documents.ts";
import { planOf } from "../../deploy/plan/plan.ts";
import { isConfirmed } from "./confirm.ts";
import { nextAfterPlan, planLines } from "./show-plan.ts";

const desired = aDesired();
const live = appliedLive(desired);
const declared = desired.topics["in"] ?? assert.fail();
const applied = { number: 3, clusterId: "cluster-1", document: desired, besides: {}, actor: "ci", deployedAt: 0 };
const shorter = aDesired({ in: { settings: { ...declared.settings, "retention.ms": "86400000" } } });
const risky = planOf({ desired: shorter, applied, live, recorded: true, allow: {} });
const plain = planOf({ desired: shorter, applied: undefined, live: appliedLive(shorter), recorded: true, allow: {} });

const cases: readonly [what: string, confirmed: boolean, Parameters<typeof isConfirmed>][] = [
  ["plain, nobody to ask", true, [plain, { yes: false, names: [] }, undefined]],
  ["plain, answered y", true, [plain, { yes: false, names: [] }, async () => "y"]],
  ["plain, answered nothing", false, [plain, { yes: false, names: [] }, async () => ""]],
  ["plain, --yes", true, [plain, { yes: true, names: [] }, () => assert.fail("asked")]],
  ["risky, nobody to ask", false, [risky, { yes: true, names: [] }, undefined]],
  ["risky, confirmed by another name", false, [risky, { yes: true, names: ["out"] }, undefined]],
  ["risky, confirmed by name", true, [risky, { yes: false, names: ["in"] }, undefined]],
  ["risky, its name typed", true, [risky, { yes: false, names: [] }, async () => "in"]],
  ["risky, y typed", false, [risky, { yes: true, names: [] }, async () => "y"]],
];
for (const [what, confirmed, args] of cases) {
  test(`isConfirmed: answers ${confirmed} when a plan is ${what}`, async () => {
    assert.equal(await isConfirmed(...args), confirmed);
  });
}

test("plan lines: show changes, risks with how many records go, refusals and foreign settings, in 100 columns", () => {
  const topic = { ...asDeclared(declared), partitions: 3 };
  const overrides = { ...topic.overrides, "flush.ms": "9", "cleanup.policy": "compact" };
  const drifted = { ...live, topics: { ...live.topics, in: { ...topic, overrides, effective: overrides } } };
  const plan = planOf({ desired: shorter, applied, live: drifted, recorded: true, allow: {} });
  const planned = { desired: shorter, allow: {}, applied, live: drifted, plan };
  const lines = planLines(planned, new Map([["in", 1_204_112n]]));
  assert.deepEqual(lines, [
    "cluster cluster-1 (as recorded)   deployed 3 by ci",
    "",
    "!  topic    in                      cleanup.policy compact -> delete, changed outside of sluice:",
    "                                    compaction removes accepted records that share a key before they",
    "                                    are read   RISKY  other records are removed than before",
    "~  topic    in                      retention.ms 30 d -> 1 d   RISKY  1,204,112 records go",
    "x  topic    in                      partitions 3 -> 6, 49 % of keys would move   REFUSED",
    "   topic    in                      flush.ms 9 is not declared: left as it is",
    "",
    "1 change, 1 drift, 2 risky, 1 refused.",
  ]);
  assert.ok(lines.every((line) => line.length <= 100));
  assert.deepEqual(nextAfterPlan(planned), [
    "Declare 3 partitions, or drain the topic and declare one of another name.",
  ]);
  const unrecorded = planOf({ desired, applied: undefined, recorded: false, live, allow: {} });
  assert.deepEqual(planLines({ ...planned, applied: undefined, plan: unrecorded }, new Map()), [
    "cluster cluster-1   deployments are not recorded",
    "",
    "Nothing to change.",
  ]);
  const changed = { ...planned, plan: risky };
  assert.deepEqual(nextAfterPlan(changed), ["sluice topology apply --confirm in"]);
});
