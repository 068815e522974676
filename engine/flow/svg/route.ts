/**
 * The ways of arrows between placed boxes: straight through each row of boxes or labels, sideways only between rows, where
 * nothing stands. So no line crosses a box or a label of another arrow.
 */
import type { Point, Sized } from "./dagre.ts";

/** What stands in a row: its middle, and its size. */
export type Standing = Point & Sized;

/** A row of what stands at one height, in px. */
export interface Row {
  readonly y: number;
  readonly top: number;
  readonly bottom: number;
}

/** The rows of everything that stands somewhere, from the top. */
export const rowsOf = (standing: readonly Standing[]): readonly Row[] =>
  [...Map.groupBy(standing, ({ y }) => y)]
    .map(([y, all]) => {
      const half = Math.max(...all.map(({ height }) => height)) / 2;
      return { y, top: y - half, bottom: y + half };
    })
    .sort((a, b) => a.y - b.y);

/** An arrow to be routed: its boxes, and the points between them as the layout has them. */
export interface Unrouted {
  readonly from: Standing;
  readonly to: Standing;
  readonly between: readonly Point[];
}

/** Room in px left free at each side of a box. */
const corner = 18;

/**
 * Where each arrow leaves and enters its boxes: side by side along an edge, in the order of where they come from and go to, so
 * that they cross no more than they have to.
 */
export const portsOf = (arrows: readonly Unrouted[]): readonly (readonly [leaves: number, enters: number])[] => {
  const ends = arrows.flatMap((arrow, at) => {
    const { from, to, between } = arrow;
    const down = to.y >= from.y;
    return [
      { at, end: 0, box: from, side: down ? "bottom" : "top", towards: (between[0] ?? to).x },
      { at, end: 1, box: to, side: down ? "top" : "bottom", towards: (between.at(-1) ?? from).x },
    ];
  });
  const ports = arrows.map(({ from, to }): [number, number] => [from.x, to.x]);
  for (const same of Map.groupBy(ends, ({ box, side }) => `${box.x} ${box.y} ${side}`).values()) {
    const ordered = [...same].sort((a, b) => a.towards - b.towards || a.at - b.at);
    for (const [order, { at, end, box }] of ordered.entries()) {
      const room = box.width - 2 * corner;
      const port = ports[at];
      if (port !== undefined) port[end] = box.x - room / 2 + (room * (order + 1)) / (ordered.length + 1);
    }
  }
  return ports;
};

/** The points of an arrow's way, two for each row it passes; between rows it bends. */
export const routeOf = (
  { from, to, between }: Unrouted,
  [leaves, enters]: readonly [number, number],
  rows: readonly Row[],
): readonly Point[] => {
  const down = to.y >= from.y;
  const [near, far] = down ? (["top", "bottom"] as const) : (["bottom", "top"] as const);
  const rowOf = ({ y }: Point) => rows.find((row) => Math.abs(row.y - y) < 1) ?? { y, top: y, bottom: y };
  const edge = ({ y, height }: Standing, side: "top" | "bottom") => y + (side === "top" ? -height : height) / 2;
  const points = [
    { x: leaves, y: edge(from, far) },
    { x: leaves, y: rowOf(from)[far] },
    ...between.flatMap(({ x, y }) => [
      { x, y: rowOf({ x, y })[near] },
      { x, y: rowOf({ x, y })[far] },
    ]),
    { x: enters, y: rowOf(to)[near] },
    { x: enters, y: edge(to, near) },
  ];
  return withDirection(points);
};

/** The way back to the same box: out at its right, as far as the layout left room for the label, and in again below. */
export const loopOf = ({ x, y, width, height }: Standing, room: readonly Point[]): readonly Point[] => {
  const [right, out] = [x + width / 2, Math.max(...room.map((point) => point.x))];
  const apart = height / 2 - 6;
  return [
    { x: right, y: y - apart },
    { x: out, y: y - apart },
    { x: out, y: y + apart },
    { x: right, y: y + apart },
  ];
};

/** Points of which no two in a row are the same: an arrow's head takes its direction from the last piece of its line. */
const withDirection = (points: readonly Point[]): readonly Point[] =>
  points.filter(({ x, y }, at) => points[at - 1]?.x !== x || points[at - 1]?.y !== y);
