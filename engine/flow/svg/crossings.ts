/** How clear a drawing is: how often its lines cross, and how far they go sideways. */
import type { Point } from "./dagre.ts";

/** What a drawing is judged by; less is better, the first matters most. */
export interface Clutter {
  readonly crossings: number;
  /** In px, of all lines. */
  readonly sideways: number;
}

interface Bend {
  readonly from: Point;
  readonly to: Point;
}

/** Judges lines that bend only between rows, so that two of them can cross only where both bend between the same two. */
export const clutterOf = (lines: readonly (readonly Point[])[]): Clutter => {
  const bends = lines.flatMap((points) =>
    points.flatMap((to, at): readonly Bend[] => {
      const from = points[at - 1];
      if (from === undefined || from.y === to.y) return [];
      return [from.y < to.y ? { from, to } : { from: to, to: from }];
    }),
  );
  const crossings = [...Map.groupBy(bends, ({ from, to }) => `${from.y} ${to.y}`).values()].reduce(
    (sum, same) => sum + crossingsOf(same),
    0,
  );
  return { crossings, sideways: bends.reduce((sum, { from, to }) => sum + Math.abs(from.x - to.x), 0) };
};

const crossingsOf = (bends: readonly Bend[]): number =>
  bends.reduce(
    (sum, one, at) =>
      sum + bends.slice(at + 1).filter((two) => (one.from.x - two.from.x) * (one.to.x - two.to.x) < 0).length,
    0,
  );

/** Whether a drawing is clearer than another. */
export const isClearer = (one: Clutter, other: Clutter): boolean =>
  one.crossings === other.crossings ? one.sideways < other.sideways : one.crossings < other.crossings;
