/** Every reason why nothing is sent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fitness, fitnesses, type ReplayPlan } from "../../../dlq/plan/plan.ts";
import { CliError, exitCodes } from "../../cli.ts";
import { type LiveState, refusalsOf, refuseMoved } from "./refusals.ts";

const counts = (ready: number) =>
  Object.fromEntries(fitnesses.map((one) => [one, one === "ready" ? ready : 0])) as Record<Fitness, number>;
const limits = { rate: 200, canary: 20, abortAtPercent: 20, maxLag: 10_000, maxAttempts: 3, wait: true };
const plan = (over: Partial<ReplayPlan> = {}): ReplayPlan => ({
  topology: "shop",
  selection: {},
  limits,
  counts: counts(3),
  ready: [],
  examples: {},
  letters: { 0: "1-3" },
  letterEnds: ["4"],
  retryEnds: ["0"],
  ...over,
});
const hash = `9f31c2a7${"0".repeat(56)}`;
const live = (over: Partial<LiveState> = {}): LiveState => ({
  clusterId: "c1",
  deployed: hash,
  readers: 2,
  running: ["9f31c2a7", "88e0d1c2"],
  ...over,
});
const codes = (of: ReplayPlan, at: LiveState, hasTopic = true) => refusalsOf(of, at, hasTopic).map(({ code }) => code);

const cases: readonly [what: string, ReplayPlan, LiveState, readonly string[]][] = [
  ["the deployed graph is among those that run", plan(), live(), []],
  ["deployments are not recorded", plan(), live({ deployed: null }), []],
  ["members do not say which graph they run", plan(), live({ running: [] }), []],
  ["nothing is ready", plan({ counts: counts(0) }), live(), ["NOTHING_READY"]],
  ["no member reads the retry topic", plan(), live({ readers: 0, running: [] }), ["NO_READER"]],
  [
    "nobody reads and nobody waits",
    plan({ limits: { ...limits, wait: false } }),
    live({ readers: 0, running: [] }),
    [],
  ],
  ["workers run another graph", plan(), live({ running: ["88e0d1c2"] }), ["GRAPH_NOT_RUNNING"]],
];
for (const [what, of, at, expected] of cases)
  test(`refusalsOf: answers ${expected.join(", ") || "nothing"} when ${what}`, () =>
    assert.deepEqual(codes(of, at), expected));

test("refusalsOf: names every reason, and the command, when there is no retry topic either", () => {
  const all = refusalsOf(plan({ counts: counts(0) }), live({ readers: 0, running: [] }), false);
  assert.deepEqual(
    all.map(({ code }) => code),
    ["RETRY_TOPIC_MISSING", "NOTHING_READY", "NO_READER"],
  );
  assert.ok(all.every(({ fix }) => fix.startsWith("Next: sluice ")));
});

const document = {
  version: 1 as const,
  selection: {},
  letters: { 0: "1-3" },
  count: 3,
  letterEnds: ["4"],
  retryEnds: ["0"],
  limits,
};
const saved = { topology: "shop", clusterId: "c1", deployed: hash, document };

test("refuseMoved: lets a saved plan through when everything is as it was", () => {
  refuseMoved(saved, { plan: plan(), clusterId: "c1", deployed: hash });
});

const moved: readonly [code: string, exitCode: number, Parameters<typeof refuseMoved>[1]][] = [
  ["OTHER_CLUSTER", exitCodes.refused, { plan: plan(), clusterId: "c2", deployed: hash }],
  ["PLAN_OUT_OF_DATE", exitCodes.conflict, { plan: plan(), clusterId: "c1", deployed: "0".repeat(64) }],
  ["PLAN_OUT_OF_DATE", exitCodes.conflict, { plan: plan({ counts: counts(2) }), clusterId: "c1", deployed: hash }],
];
for (const [code, exitCode, now] of moved)
  test(`refuseMoved: refuses with ${code} when the cluster, the deployment or a letter is another`, () => {
    assert.throws(
      () => refuseMoved(saved, now),
      (error) => error instanceof CliError && error.code === code && error.exitCode === exitCode,
    );
  });
