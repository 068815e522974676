/** Applying: in order, once, cut off anywhere, refused, moved, by two at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../errors.ts";
import { aDesired, aGraph } from "../testing/documents.ts";
import { type MemoryPorts, memoryPorts } from "../testing/memory-cluster.ts";
import { boundOf } from "../plan/live.ts";
import { stepsOf } from "../plan/steps.ts";
import { type ApplyRequest, applyDesired } from "./apply.ts";
import { makePlan } from "./observe.ts";

const desired = aDesired();
const apply = (ports: MemoryPorts, over: Partial<ApplyRequest> = {}) =>
  applyDesired(ports, {
    desired,
    allow: {},
    confirm: async () => true,
    actor: "ci",
    host: "h1",
    verb: "topology apply",
    reason: null,
    lockWaitMs: 0,
    ...over,
  });
const planNow = async (ports: MemoryPorts) => (await makePlan(ports, desired, {})).plan;

test("apply: makes everything in order and records it, and does nothing when asked again", async () => {
  const ports = memoryPorts(["0001"]);
  const first = await apply(ports);
  assert.ok(first.kind === "applied" && first.deployment === 1);
  assert.deepEqual(ports.calls, [
    "create in",
    "create out",
    "create shop.dlq",
    "create shop.retry",
    "register in-value",
    "register out-value",
  ]);
  assert.deepEqual(
    (await ports.deployments.operations(10)).map(({ result }) => result),
    ["applied"],
  );
  assert.equal((await apply(ports)).kind, "unchanged");
  assert.equal(ports.calls.length, 6);
  assert.deepEqual(await planNow(ports), { recorded: true, changes: [], refusals: [], foreign: [] });
});

/** Stands for the death of a process: nothing after it runs, its operation does not end. */
class Killed extends Error {}

test("apply: goes on to an empty plan when it was cut off before or after any step, or at its request", async () => {
  const count = stepsOf(await planNow(memoryPorts(["0001"]))).length;
  assert.equal(count, 8);
  for (let number = 1; number <= count; number += 1) {
    for (const phase of ["before", "after"] as const) {
      const ports = memoryPorts(["0001"]);
      const cut = await apply(ports, {
        onStep: (point) => {
          if (point.number === number && point.phase === phase) throw new Killed();
        },
      });
      const recorded: boolean = number === count && phase === "after";
      assert.equal(cut.kind, "partial");
      assert.equal((await ports.deployments.accepted("shop")) !== undefined, recorded, `${phase} ${number}`);
      assert.equal((await apply(ports)).kind, recorded ? "unchanged" : "applied", `${phase} ${number}`);
      assert.deepEqual((await planNow(ports)).changes, []);
    }
  }
});

test("apply: names what is left, and ends the operation with the error's code, when a step fails", async () => {
  const ports = memoryPorts();
  ports.failure = new Unavailable("kafka", "away");
  const failed = await apply(ports);
  assert.ok(failed.kind === "partial" && failed.left.length === 7 && failed.left[0]?.does === "createTopic");
  assert.deepEqual(
    (await ports.deployments.operations(1)).map(({ result }) => result),
    ["UNAVAILABLE"],
  );
});

test("apply: stops between two steps when it is interrupted", async () => {
  const ports = memoryPorts();
  const controller = new AbortController();
  const onStep: ApplyRequest["onStep"] = ({ number, phase }) => {
    if (number === 2 && phase === "after") controller.abort();
  };
  const stopped = await apply(ports, { signal: controller.signal, onStep });
  assert.ok(stopped.kind === "interrupted" && stopped.left.length === 5);
  assert.equal((await apply(ports)).kind, "applied");
});

test("apply: changes nothing and writes nothing down when it is refused or declined", async () => {
  const ports = memoryPorts();
  await apply(ports);
  ports.calls.length = 0;
  const others = aDesired({ in: { partitions: 3, key: "userId" } });
  const refused = await apply(ports, { desired: others, confirm: () => assert.fail("nothing to ask") });
  assert.ok(refused.kind === "refused" && refused.planned.plan.refusals.length === 2);
  const changed = aDesired({ graph: aGraph("shop", ["check"]) });
  assert.equal((await apply(ports, { desired: changed, confirm: async () => false })).kind, "declined");
  assert.deepEqual([ports.calls, (await ports.deployments.operations(10)).length], [[], 1]);
});

test("apply: does a saved plan when nothing moved, and names what did otherwise", async () => {
  const ports = memoryPorts();
  const { live } = await makePlan(ports, desired, {});
  ports.topics.set("out", { partitions: 6, overrides: {}, effective: {} });
  const moved = await apply(ports, { observed: boundOf(live) });
  assert.deepEqual(moved, { kind: "moved", paths: ["topics.out"] });
  const again = await makePlan(ports, desired, {});
  assert.equal((await apply(ports, { observed: boundOf(again.live) })).kind, "applied");
  const late = await apply(ports, { observed: boundOf(again.live) });
  assert.ok(late.kind === "moved" && late.paths.includes("deployment"));
});

test("apply: accepts the graph before beside the new one while both may run, until the next apply", async () => {
  const ports = memoryPorts();
  await apply(ports);
  const next = aDesired({ graph: aGraph("shop", ["decide", "check"]) });
  await apply(ports, { desired: next });
  const hashOf = (document: typeof desired) => document.topologies["shop"]?.hash;
  const rolling = { deployment: 2, group: "test.shop", hash: hashOf(next), beside: hashOf(desired) };
  assert.deepEqual(await ports.deployments.accepted("shop"), rolling);
  await apply(ports, { desired: aDesired({ graph: aGraph("shop", ["decide", "check"]), in: { settings: {} } }) });
  assert.deepEqual(await ports.deployments.accepted("shop"), { ...rolling, deployment: 3, beside: null });
  await apply(ports, { desired: aDesired({ group: "other.shop" }), allow: { newGroup: true } });
  assert.deepEqual(await ports.deployments.accepted("shop"), {
    ...{ deployment: 4, group: "other.shop" },
    ...{ hash: hashOf(desired), beside: null },
  });
});

test("apply: lets one of two win and names it to the other", async () => {
  const ports = memoryPorts();
  const inside = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const confirm = async () => {
    inside.resolve();
    await leave.promise;
    return true;
  };
  const first = apply(ports, { confirm });
  await inside.promise;
  assert.deepEqual(await apply(ports), { kind: "busy", by: undefined });
  leave.resolve();
  assert.equal((await first).kind, "applied");
});

test("apply: stops when its lock was lost, and leaves the operation open", async () => {
  const ports = memoryPorts();
  const onStep: ApplyRequest["onStep"] = ({ number, phase }) => {
    if (number === 2 && phase === "before") ports.deployments.loseLock();
  };
  const lost = await apply(ports, { onStep });
  assert.ok(lost.kind === "partial" && lost.left.length === 6);
  assert.deepEqual([ports.calls, (await ports.deployments.operations(1))[0]?.endedAt], [["create in"], null]);
});

test("apply: leaves what others set and declares nothing else", async () => {
  const ports = memoryPorts();
  await apply(ports);
  const topic = ports.topics.get("in") ?? assert.fail();
  const overrides = { ...topic.overrides, "flush.messages": "9", "retention.ms": "1" };
  ports.topics.set("in", { ...topic, overrides, effective: overrides });
  assert.equal((await apply(ports)).kind, "applied");
  assert.deepEqual(ports.topics.get("in")?.overrides, { ...topic.overrides, "flush.messages": "9" });
});

const changed = () => aDesired({ more: ["note"] });
const registered = (ports: MemoryPorts) => (ports.schemas.get("in-value")?.versions.length ?? 0) > 1;

test("apply: refuses a schema that would leave dead letters unreadable, and registers nothing", async () => {
  const ports = memoryPorts();
  await apply(ports);
  ports.stranded = 3;
  const refused = await apply(ports, { desired: changed() });
  assert.ok(refused.kind === "refused");
  const [refusal] = refused.planned.plan.refusals;
  assert.deepEqual([refusal?.code, refusal?.name], ["LETTERS_UNREADABLE", "in-value"]);
  assert.match(refusal?.text ?? "", /3 dead letters/);
  assert.equal(registered(ports), false);
});

test("apply: registers a schema that every dead letter can be read with", async () => {
  const ports = memoryPorts();
  await apply(ports);
  assert.equal((await apply(ports, { desired: changed() })).kind, "applied");
  assert.equal(registered(ports), true);
});
