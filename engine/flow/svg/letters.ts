/** The row below a graph: where a record goes that fails, and how it comes back. It belongs to every step, so to no arrow. */
import { boxOf, type Box, labelOf } from "./boxes.ts";
import type { Placed, PlacedArrow, PlacedBox } from "./place.ts";

/** The topics beside a topology's own, by name. */
export interface LetterTopics {
  readonly deadLetters: string;
  readonly retries: string;
}

/** Distances in px. */
const gap = 34;
const labelGap = 12;

/** Where the row stands, by its upper left corner. */
export const placeLetters = ({ deadLetters, retries }: LetterTopics): Placed => {
  const boxes: readonly Box[] = [
    boxOf("drop", "any step or write", "a record that fails"),
    boxOf("letters", "dead letters", deadLetters),
    boxOf("letters", "decided again from here", retries),
  ];
  const labels = [labelOf(["set aside"], ""), labelOf(["dlq replay"], "")];
  const height = Math.max(...boxes.map((box) => box.height));
  const placed: PlacedBox[] = [];
  const arrows: PlacedArrow[] = [];
  let x = 0;
  for (const [at, box] of boxes.entries()) {
    const label = labels[at - 1];
    if (label !== undefined) {
      const long = label.width + 2 * labelGap + gap;
      const middle = { ...label, x: x + labelGap + label.width / 2, y: height / 2 };
      arrows.push({ dashed: true, points: [at0(x, height), at0(x + long, height)], label: middle });
      x += long;
    }
    placed.push({ ...box, x: x + box.width / 2, y: height / 2 });
    x += box.width;
  }
  return { width: x, height, boxes: placed, arrows };
};

const at0 = (x: number, height: number) => ({ x, y: height / 2 });

/** Everything of a drawing, moved. */
export const moved = ({ boxes, arrows, width, height }: Placed, dx: number, dy: number): Placed => ({
  ...{ width, height },
  boxes: boxes.map((box) => ({ ...box, x: box.x + dx, y: box.y + dy })),
  arrows: arrows.map(({ points, label, ...arrow }) => ({
    ...arrow,
    points: points.map(({ x, y }) => ({ x: x + dx, y: y + dy })),
    ...(label === undefined ? {} : { label: { ...label, x: label.x + dx, y: label.y + dy } }),
  })),
});
