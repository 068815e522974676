/** A few faults on the tests' own stack, so that every change meets them; `npm run faults` tries them all. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stackAddresses } from "../../testing/stack-under-test.ts";
import { choose } from "../faults.ts";
import { ofCoupons, tryFault } from "../run.ts";
import { type Scene, setScene } from "./scene.ts";

const { stackName, endpoints } = stackAddresses();
// Moments differ from run to run, and a run can be had again: the seed is in the test's name.
const seed = Date.now() % 1_000_000;
let scene: Scene;

before(async () => {
  scene = await setScene(stackName, endpoints, new AbortController().signal);
});

after(() => scene.close());

const selection = [
  { only: "crash-100", points: ["gate-reserve-after", "issue-commit-before", "issue-commit-sent"], times: 1 },
  { only: "crash-100", points: ["release-after", "produce-issued-after", "drain-before"], times: 1 },
  { only: "zombie-at-points", points: ["take-after"], times: 1 },
  { only: "database-kill", points: [], times: 1 },
  { only: "redis-flush", points: [], times: 2 },
  { only: "wire-commit", points: [], times: 1 },
] as const;

for (const { only, points, times } of selection) {
  const name = [only, ...points].join(" ");
  test(`faults: nothing is lost, oversold or said twice when ${name} strikes (seed ${seed})`, async () => {
    const [fault] = choose([only]).faults;
    assert.ok(fault !== undefined);
    const { amiss, findings } = await tryFault(ofCoupons, scene, fault, { points, seed, times, say: () => undefined });
    assert.deepEqual(amiss, [], findings.examples.join("\n"));
  });
}
