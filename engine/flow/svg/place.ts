/** Where the boxes and arrows of a graph stand: in layers, from what is read at the top to what is written at the bottom. */
import { type Arrow, arrowsOf, type Node, nodeKey, type Surroundings } from "../arrows.ts";
import type { TopologyGraph } from "../graph.ts";
import { type Box, type Label, labelOf, nodeBox } from "./boxes.ts";
import { type Clutter, clutterOf, isClearer } from "./crossings.ts";
import { type LayoutGraph, layoutGraph, placeAll, type Point, type Sized } from "./dagre.ts";
import { loopOf, portsOf, routeOf, rowsOf, type Unrouted } from "./route.ts";

/** A box with the place of its middle. */
export type PlacedBox = Box &
  Point & {
    /** Absent where it stands for nothing of the graph. */
    readonly node?: Node;
  };

/** An arrow with its way, and the middle of its label where it has one. */
export interface PlacedArrow {
  readonly dashed: boolean;
  readonly points: readonly Point[];
  readonly label?: Label & Point;
  /** Absent where it is none of the graph's. */
  readonly arrow?: Arrow;
}

/** A graph with places, in px from its upper left corner. */
export interface Placed extends Sized {
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly PlacedArrow[];
}

/** Distances in px, by the names that dagre has for them. */
const distances = { rankdir: "TB", nodesep: 40, edgesep: 26, ranksep: 60 };

/** How many orders of the arrows are tried; a layout of twenty arrows takes about 5 ms. */
const mostTries = 12;

/**
 * Places everything a graph has; nothing stands on anything else, but that ways from several boxes of a row back to themselves may
 * touch what is beside them. What the layout finds depends on the order in which it is
 * told the arrows, so several are tried, and the clearest is kept. With `hasFigures` there is room for numbers at arrows, sources and
 * steps.
 */
export const place = (graph: TopologyGraph, around: Surroundings, hasFigures = false): Placed => {
  const arrows = arrowsOf(graph, around);
  const tries = Math.min(arrows.length, mostTries);
  return Array.from({ length: tries }, (_, first) => [...arrows.slice(first), ...arrows.slice(0, first)])
    .flatMap((turned) => [turned, turned.toReversed()])
    .map((ordered) => placeInOrder(graph, ordered, hasFigures))
    .map((placed) => ({ placed, clutter: clutterOf(placed.arrows.map(({ points }) => points)) }))
    .reduce((best, next) => (isClearer(next.clutter, best.clutter) ? next : best), nothingPlaced).placed;
};

const nothingPlaced: { readonly placed: Placed; readonly clutter: Clutter } = {
  placed: { width: 0, height: 0, boxes: [], arrows: [] },
  clutter: { crossings: Number.POSITIVE_INFINITY, sideways: 0 },
};

const placeInOrder = (graph: TopologyGraph, arrows: readonly Arrow[], hasFigures: boolean): Placed => {
  const sizes = new Map<string, Box & { readonly node: Node }>();
  for (const { from, to } of arrows)
    for (const node of [from, to]) sizes.set(nodeKey(node), { ...nodeBox(graph, node, hasFigures), node });
  const labels = arrows.map(({ outcomes, via }) => labelOf(outcomes, via, hasFigures));
  const layout = laidOut(sizes, arrows, labels);
  const boxes = new Map([...sizes].map(([key, box]) => [key, { ...box, ...pointOf(layout.node(key)) }]));
  const unplaced = arrows.flatMap((arrow, at) => {
    const [from, to, label] = [boxes.get(nodeKey(arrow.from)), boxes.get(nodeKey(arrow.to)), labels[at]];
    if (from === undefined || to === undefined || label === undefined) return [];
    const { points, x, y } = layout.edge(nodeKey(arrow.from), nodeKey(arrow.to), String(at));
    const stands = label.width === 0 || x === undefined || y === undefined ? undefined : { ...label, x, y };
    return [{ from, to, points, between: points.slice(1, -1), arrow, label: stands }];
  });
  const rows = rowsOf([...boxes.values(), ...unplaced.flatMap(({ label }) => label ?? [])]);
  const ports = portsOf(unplaced);
  return {
    ...sizeOf(layout.graph()),
    boxes: [...boxes.values()],
    arrows: unplaced.map(({ arrow, label, ...way }, at) => ({
      arrow,
      dashed: arrow.dashed,
      points: wayOf(way, ports[at]),
      ...(label === undefined ? {} : { label }),
    })),
  };

  function wayOf(arrow: Unrouted & { readonly points: readonly Point[] }, port = [arrow.from.x, arrow.to.x] as const) {
    // An arrow back to its own box is beside it, in no row.
    return arrow.from === arrow.to ? loopOf(arrow.from, arrow.points) : routeOf(arrow, port, rows);
  }
};

const laidOut = (boxes: ReadonlyMap<string, Box>, arrows: readonly Arrow[], labels: readonly Label[]): LayoutGraph => {
  const layout = layoutGraph();
  layout.setGraph(distances);
  for (const [key, { width, height }] of boxes) layout.setNode(key, { width, height });
  for (const [at, { from, to }] of arrows.entries()) {
    const { width = 0, height = 0 } = labels[at] ?? {};
    layout.setEdge(nodeKey(from), nodeKey(to), { width, height, labelpos: "c" }, String(at));
  }
  placeAll(layout);
  return layout;
};

const pointOf = ({ x, y }: Point): Point => ({ x, y });
const sizeOf = ({ width, height }: Sized): Sized => ({ width, height });
