/** An application without a store of deployments: everything is made, after its tables, and nothing is remembered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDesired } from "./run/apply.ts";
import { aDesired } from "./testing/documents.ts";
import { memoryPorts } from "./testing/memory-cluster.ts";
import { unrecordedDeployments } from "./unrecorded.ts";

test("unrecorded deployments: make the tables first, then everything, and again what is missing", async () => {
  const cluster = memoryPorts();
  const deployments = unrecordedDeployments(async () => {
    cluster.calls.push("migrate");
    return [];
  });
  const apply = () =>
    applyDesired(
      { ...cluster, deployments },
      {
        desired: aDesired(),
        allow: {},
        confirm: async () => true,
        actor: "ci",
        host: "h1",
        verb: "topology apply",
        reason: null,
        lockWaitMs: 0,
      },
    );
  const first = await apply();
  assert.ok(first.kind === "applied" && first.deployment === null);
  assert.deepEqual(cluster.calls, [
    "migrate",
    "create in",
    "create out",
    "create shop.dlq",
    "create shop.retry",
    "register in-value",
    "register out-value",
  ]);
  cluster.calls.length = 0;
  assert.equal((await apply()).kind, "unchanged");
  assert.deepEqual(cluster.calls, ["migrate"]);
  cluster.topics.delete("out");
  cluster.calls.length = 0;
  assert.equal((await apply()).kind, "applied");
  assert.deepEqual(cluster.calls, ["migrate", "create out"]);
  assert.equal(await deployments.accepted("shop"), undefined);
});
