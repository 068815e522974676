/** Each rule of a graph, broken once; and graphs that break none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { three } from "../interpreter/testing/walking.ts";
import type { Edge, TopologyGraph } from "./graph.ts";
import { InvalidTopology, validateGraph } from "./validate.ts";

const topic = { kind: "topic", partitions: 1, avro: "string" } as const;
const undo = { undo: "put-back", sink: "undone", project: "toUndone" };

/** in > take; take [took] > pay; pay > out; take [full] drop. Taking can be undone. */
const good: TopologyGraph = {
  name: "good",
  sources: ["in"],
  endpoints: { in: topic, out: topic, undone: topic },
  steps: { take: { undo: { took: undo } }, pay: { undo: {} } },
  edges: [
    { from: "in", on: "*", does: "step", step: "take" },
    { from: "take", on: "took", does: "step", step: "pay" },
    { from: "take", on: "full", does: "drop", reason: "full" },
    { from: "pay", on: "paid", does: "to", sink: "out", project: "toOut" },
    { from: "pay", on: "broke", does: "fail", sink: "out", project: "toOut" },
  ],
};
const withEdge = (edge: Edge): TopologyGraph => ({
  ...good,
  edges: [...good.edges.filter(({ from, on }) => from !== edge.from || on !== edge.on), edge],
});

test("validateGraph: has nothing to say when the graph is sound", () => {
  assert.deepEqual(validateGraph(good), []);
  assert.deepEqual(validateGraph(three.graph), []);
});

test("validateGraph: names a topology that is not in kebab case", () => {
  assert.deepEqual(validateGraph({ ...good, name: "Good" }), ['"Good" is not a kebab-case name']);
});

test("validateGraph: names a step that is not in kebab case", () => {
  const graph = { ...withEdge({ from: "pay", on: "paid", does: "step", step: "doMore" }) };
  const steps = { ...good.steps, doMore: { undo: {} } };
  assert.deepEqual(validateGraph({ ...graph, steps }), ['"doMore" is not a kebab-case name']);
});

test("validateGraph: names an endpoint that no topic may be called", () => {
  for (const name of ["a b", "", "x".repeat(201)]) {
    assert.deepEqual(validateGraph({ ...good, endpoints: { ...good.endpoints, [name]: topic } }), [
      `"${name}" is not a topic or store name (1 to 200 of A-Z a-z 0-9 . _ -)`,
    ]);
  }
});

test("validateGraph: names a topic that is called like a step", () => {
  assert.deepEqual(validateGraph({ ...good, endpoints: { ...good.endpoints, take: topic } }), [
    '"take" names both a step and a topic or store',
  ]);
});

test("validateGraph: names a projection without a name, of an edge and of an undo", () => {
  assert.deepEqual(validateGraph(withEdge({ from: "pay", on: "paid", does: "to", sink: "out", project: "" })), [
    "the projection of pay [paid] has no name",
  ]);
  const steps = { ...good.steps, take: { undo: { took: { ...undo, project: "" } } } };
  assert.deepEqual(validateGraph({ ...good, steps }), ["the projection of the undo of take [took] has no name"]);
});

test("validateGraph: names a step that no source leads to", () => {
  const steps = { ...good.steps, island: { undo: {} } };
  assert.deepEqual(validateGraph({ ...good, steps }), ['step "island" is not reached from any source']);
});

test("validateGraph: names a path that comes back to where it was", () => {
  assert.deepEqual(validateGraph(withEdge({ from: "pay", on: "paid", does: "step", step: "take" })), [
    "the path in > take > pay > take never ends",
  ]);
});

test("validateGraph: names a source that the topology writes to, by an edge or by an undo", () => {
  assert.deepEqual(validateGraph(withEdge({ from: "pay", on: "paid", does: "to", sink: "in", project: "toIn" })), [
    'it writes to its own source "in"',
  ]);
  const steps = { ...good.steps, take: { undo: { took: { ...undo, sink: "in" } } } };
  assert.deepEqual(validateGraph({ ...good, steps }), ['it writes to its own source "in"']);
});

test("validateGraph: names a failure after a pivot", () => {
  const steps = { ...good.steps, take: { undo: { took: { pivot: "money moved" } } } };
  assert.deepEqual(validateGraph({ ...good, steps }), ["pay [broke] fails after the pivot take [took]"]);
});

test("validateGraph: finds the pivot of a step with a single outcome, whose edge is under *", () => {
  const { edges } = withEdge({ from: "take", on: "*", does: "step", step: "pay" });
  const single = edges.filter(({ from, on }) => from !== "take" || on === "*");
  const steps = { ...good.steps, take: { undo: { took: { pivot: "money moved" } } } };
  assert.deepEqual(validateGraph({ ...good, edges: single, steps }), ["pay [broke] fails after the pivot take [*]"]);
});

test("validateGraph: allows a failure of the very path that did not pass the pivot", () => {
  const graph = withEdge({ from: "take", on: "full", does: "fail", sink: "out", project: "toOut" });
  const edges = graph.edges.filter(({ on }) => on !== "broke");
  const steps = { ...good.steps, take: { undo: { took: { pivot: "money moved" } } } };
  assert.deepEqual(validateGraph({ ...graph, edges, steps }), []);
});

test("validateGraph: names everything that is broken at once", () => {
  const broken = validateGraph({
    ...withEdge({ from: "pay", on: "paid", does: "to", sink: "in", project: "" }),
    name: "X",
  });
  assert.equal(broken.length, 3);
  assert.match(new InvalidTopology("X", broken).message, /^topology "X" breaks 3 rule\(s\):\n- .*\n- .*\n- .*$/);
});

test("validateGraph: ends when paths part and meet again fifty times", () => {
  const names = Array.from({ length: 50 }, (_, at) => `step-${at}`);
  const meet = (from: string, on: string, at: number): Edge =>
    at < names.length
      ? { from, on, does: "step", step: `step-${at}` }
      : { from, on, does: "to", sink: "out", project: "toOut" };
  const graph: TopologyGraph = {
    ...good,
    steps: Object.fromEntries(names.map((name) => [name, { undo: {} }])),
    edges: [
      meet("in", "*", 0),
      ...names.flatMap((name, at) => [meet(name, "near", at + 1), meet(name, "far", at + 2)]),
    ],
  };
  assert.deepEqual(validateGraph(graph), []);
});

test("validateGraph: names a step that catches poison and has no arm for it", () => {
  const steps = { ...good.steps, pay: { undo: {}, catchPoison: true } };
  const rule = 'step "pay" catches poison and has no arm for it; write { catchPoison: true } where it is placed';
  assert.deepEqual(validateGraph({ ...good, steps }), [rule]);
  const { edges } = withEdge({ from: "pay", on: "poison", does: "fail", sink: "out", project: "toOut" });
  assert.deepEqual(validateGraph({ ...good, steps, edges }), []);
});
