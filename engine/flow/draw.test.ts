/** Drawings of a graph that has everything: stores, drops, pivots, several undos, paths that meet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawMermaid, drawText } from "./draw.ts";
import { graphOfEverything as graph } from "./testing/graph-of-everything.ts";

test("drawText: draws one edge a line, with what is undone, kept, and past recall", () => {
  assert.deepEqual(drawText(graph).split("\n"), [
    "in     [*]      take",
    "take   [full]   check",
    'take   [gone]   drop: nobody "asked" #1 <b>',
    "take   [took]   pay                                                                   undone by put-back -> undone via toUndone",
    "pay    [paid]   check                                                                 undone by refund -> refunds via toRefund",
    "pay    [free]   check",
    "pay    [cash]   -> archive via toCash                                                 pivot: cash is gone; keeps took",
    "check  [fine]   -> out via toFine                                                     keeps nothing or paid and took or took",
    "check  [wrong]  undo nothing or refund then put-back or put-back, -> out via toWrong",
    "check  [mad]    undo nothing or refund then put-back or put-back, -> out via toWrong",
    "",
  ]);
});

const outboxes = [
  { name: "asked", topic: "in", project: "toAsked" },
  { name: "elsewhere", topic: "none-of-its", project: "toNothing" },
];

test("drawText: draws an outbox first when it publishes to a topic of the graph", () => {
  assert.equal(drawText(graph, { outboxes }).split("\n")[0], "outbox asked  [*]      -> in via toAsked");
  assert.doesNotMatch(drawText(graph, { outboxes }), /elsewhere/);
});

test("drawMermaid: draws an outbox with double sides when it publishes to a topic of the graph", () => {
  const lines = drawMermaid(graph, { outboxes }).split("\n");
  assert.deepEqual(
    [lines[1], lines.filter((line) => line.includes("n0 -->"))],
    ['  n0[["outbox: asked"]]', ['  n0 -->|"via toAsked"| n1']],
  );
});

test("drawText: draws nothing when there are no edges", () => {
  assert.equal(drawText({ ...graph, edges: [] }), "");
});

test("drawText: ends when a path never does", () => {
  const edges = [...graph.edges, { from: "check", on: "again", does: "step", step: "take" } as const];
  assert.match(drawText({ ...graph, edges }), /check +\[again\] +take\n$/);
});

test("drawMermaid: draws steps, topics, stores and drops, and undos at the end of dashed edges, last first", () => {
  assert.deepEqual(drawMermaid(graph).split("\n"), [
    "flowchart TD",
    '  n0(["in"])',
    '  n1["take"]',
    '  n2["check"]',
    '  n3[/"drop: nobody #quot;asked#quot; #35;1 #lt;b#gt;"/]',
    '  n4["pay"]',
    '  n5[("archive")]',
    '  n6(["out"])',
    '  n7{{"undo: refund"}}',
    '  n8(["refunds"])',
    '  n9{{"undo: put-back"}}',
    '  n10(["undone"])',
    "  n0 --> n1",
    '  n1 -->|"full"| n2',
    '  n1 -->|"gone"| n3',
    '  n1 -->|"took"| n4',
    '  n4 -->|"paid, free"| n2',
    '  n4 -->|"cash via toCash"| n5',
    '  n2 -->|"fine via toFine"| n6',
    '  n2 -.->|"wrong, mad"| n7',
    '  n7 -.->|"via toRefund"| n8',
    '  n7 -.->|"wrong, mad"| n9',
    '  n9 -.->|"via toUndone"| n10',
    '  n2 -.->|"wrong, mad"| n9',
    '  n2 -->|"wrong, mad via toWrong"| n6',
    "",
  ]);
});

test("drawMermaid: names an outcome once at an arrow, also when several paths draw it", () => {
  const late = { from: "late", on: "*", does: "step", step: "pay" } as const;
  const text = drawMermaid({ ...graph, sources: ["in", "late"], edges: [...graph.edges, late] });
  assert.match(text, /n2 -\.->\|"wrong, mad"\| n7\n/);
});

test("drawMermaid: puts a name that Mermaid would take for a word of its own behind quotes only", () => {
  const { edges, ...rest } = graph;
  const text = drawMermaid({
    ...rest,
    edges: edges.map((edge) => (edge.on === "*" ? { ...edge, from: "end" } : edge)),
    sources: ["end"],
  });
  assert.match(text, /\(\["end"\]\)/);
  assert.doesNotMatch(text, /^ *end/m);
});
