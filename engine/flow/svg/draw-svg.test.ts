/** Pictures of graphs: everything is in them, nothing stands on anything else, and text fits where it stands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { textWidth } from "../../svg/text-width.ts";
import { nothingAround } from "../arrows.ts";
import type { Edge, TopologyGraph } from "../graph.ts";
import { graphOfEverything } from "../testing/graph-of-everything.ts";
import { labelSize, nameSize } from "./boxes.ts";
import type { Point, Sized } from "./dagre.ts";
import { drawSvg } from "./draw-svg.ts";
import { placeLetters } from "./letters.ts";
import { place, type Placed } from "./place.ts";

const letters = { deadLetters: "everything.dlq", retries: "everything.retry" };
const around = { outboxes: [{ name: "asked", topic: "in", project: "toAsked" }], letters };

type Standing = Point & Sized;
const sides = ({ x, y, width, height }: Standing) => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - height / 2,
  bottom: y + height / 2,
});
/** Touching is not overlapping: places are rounded by floating point. */
const slack = 0.01;
const overlap = (one: Standing, two: Standing): boolean => {
  const [a, b] = [sides(one), sides(two)];
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  return across > slack && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
};
/** The rectangle a piece of a line stays in, with some width. */
const pieceOf = (from: Point, to: Point): Standing => ({
  x: (from.x + to.x) / 2,
  y: (from.y + to.y) / 2,
  width: Math.max(Math.abs(from.x - to.x), 1),
  height: Math.abs(from.y - to.y),
});

const assertClear = ({ boxes, arrows, width, height }: Placed): void => {
  const labels = arrows.flatMap(({ label }) => label ?? []);
  const standing = [...boxes, ...labels];
  for (const [at, one] of standing.entries()) {
    const { left, right, top, bottom } = sides(one);
    assert.ok(left > -slack && top > -slack && right < width + slack && bottom < height + slack, "inside the picture");
    for (const two of standing.slice(at + 1)) assert.ok(!overlap(one, two), JSON.stringify([one, two]));
  }
  for (const { points, label } of arrows)
    for (const [at, point] of points.slice(1).entries()) {
      assert.notDeepEqual(point, points[at], "a piece of a line has a direction");
      const piece = pieceOf(points[at] ?? point, point);
      for (const one of standing) if (one !== label) assert.ok(!overlap(piece, one), JSON.stringify([piece, one]));
    }
  for (const { lines, width: room } of boxes)
    for (const line of lines) assert.ok(textWidth(line, nameSize) <= room - 16);
  for (const { outcomes, via, width: room } of labels)
    for (const line of [...outcomes, via]) assert.ok(textWidth(line, labelSize) <= room);
};

test("drawSvg: draws everything of a graph, each in its own kind, when it has everything", () => {
  const text = drawSvg(graphOfEverything, around);
  for (const kind of ["topic", "store", "step", "undo", "drop", "outbox", "letters", "line", "undoing", "failing"])
    assert.match(text, new RegExp(` class="${kind}"`), kind);
  for (const word of [
    "take",
    "pay",
    "check",
    "archive",
    "refund",
    "put-back",
    "undone",
    "paid, free",
    "everything.dlq",
  ])
    assert.match(text, new RegExp(`>${word}<`), word);
  assert.match(text, /nobody &quot;asked&quot; #1 &lt;b&gt;/);
  assert.doesNotMatch(text, /NaN|undefined|Infinity/);
});

test("drawSvg: draws the same picture when it draws a graph again", () => {
  assert.equal(drawSvg(graphOfEverything, around), drawSvg(structuredClone(graphOfEverything), around));
});

test("drawSvg: draws a picture without dead letters when it is told of none", () => {
  assert.doesNotMatch(drawSvg(graphOfEverything), / class="(letters|failing)"/);
});

test("drawSvg: draws the name alone when a graph has no edges", () => {
  assert.match(drawSvg({ ...graphOfEverything, edges: [] }), />everything</);
});

test("drawSvg: leaves no mark of its own when names hold some", () => {
  const reason = `</text><script>alert("1")</script> ${"x".repeat(200)} \u0000`;
  const edges: readonly Edge[] = [{ from: "in", on: "*", does: "drop", reason }];
  const text = drawSvg({ ...graphOfEverything, edges });
  assert.doesNotMatch(text, /<script/);
  assert.ok(!text.includes("\u0000"));
});

test("place: lets nothing stand on anything else when a graph has everything", () => {
  assertClear(place(graphOfEverything, around));
  assertClear(placeLetters(letters));
});

test("place: leads a way back to its own box around its label when a step is followed by itself", () => {
  const again: Edge = { from: "take", on: "again", does: "step", step: "take" };
  const edges = [...graphOfEverything.edges.slice(0, 1), again];
  assertClear(place({ ...graphOfEverything, edges }, nothingAround));
});

test("place: lets nothing stand on anything else when a path goes back, or a topic is written that is read", () => {
  const again: Edge = { from: "check", on: "again", does: "step", step: "take" };
  const loop: Edge = { from: "check", on: "later", does: "to", sink: "in", project: "toLater" };
  assertClear(place({ ...graphOfEverything, edges: [...graphOfEverything.edges, again, loop] }, nothingAround));
});

/** Graphs of up to eight steps in any order, none of which is followed by itself, with names and outcomes of any length. */
const anyGraph = fc
  .array(
    fc.array(fc.record({ to: fc.nat(11), on: fc.string({ minLength: 1, maxLength: 30 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((steps): TopologyGraph => {
    const edges = steps.flatMap((arms, from) =>
      arms.map(({ to, on }): Edge => {
        const exit = { from: `step-${from}`, on };
        if (to < steps.length && to !== from) return { ...exit, does: "step", step: `step-${to}` };
        return to % 2 === 0
          ? { ...exit, does: "drop", reason: on.repeat(3) }
          : { ...exit, does: "to", sink: "out", project: "toOut" };
      }),
    );
    return {
      ...graphOfEverything,
      steps: Object.fromEntries(steps.map((_, at) => [`step-${at}`, { undo: {} }])),
      edges: [{ from: "in", on: "*", does: "step", step: "step-0" }, ...edges],
    };
  });

test("place: lets nothing stand on anything else when a graph is any", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => assertClear(place(graph, around))),
    { numRuns: 12, seed: 1 },
  );
});
