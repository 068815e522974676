/** The outline of each kind of box, the words in it, and the line of an arrow. */
import { element, numberText, textElement } from "../../svg/element.ts";
import type { Look } from "../../svg/picture.ts";
import {
  type BoxKind,
  captionHeight,
  captionSize,
  labelLineHeight,
  labelPaddingY,
  labelSize,
  lineHeight,
  nameSize,
} from "./boxes.ts";
import type { Point } from "./dagre.ts";
import type { PlacedArrow, PlacedBox } from "./place.ts";

/** The colours of boxes, arrows and labels. */
export const looks: readonly Look[] = [
  { class: "topic", fill: ["#ddf4ff", "#0c2d4d"], stroke: ["#0969da", "#4493f8"] },
  { class: "store", fill: ["#fbefff", "#2f1f4a"], stroke: ["#8250df", "#ab7df8"] },
  { class: "step", fill: ["#f6f8fa", "#161b22"], stroke: ["#1f2328", "#c9d1d9"], css: "stroke-width: 1.6" },
  { class: "undo", fill: ["#fff8c5", "#332a0c"], stroke: ["#9a6700", "#d29922"], css: "stroke-dasharray: 5 3" },
  { class: "drop", fill: ["#f6f8fa", "#161b22"], stroke: ["#818b98", "#656c76"], css: "stroke-dasharray: 2 3" },
  { class: "outbox", fill: ["#dafbe1", "#0f2d1a"], stroke: ["#1a7f37", "#3fb950"] },
  { class: "letters", fill: ["#ffebe9", "#3c1618"], stroke: ["#cf222e", "#f85149"], css: "stroke-dasharray: 2 2" },
  { class: "line", stroke: ["#59636e", "#9198a1"], css: "fill: none; stroke-width: 1.4" },
  { class: "undoing", stroke: ["#9a6700", "#d29922"], css: "fill: none; stroke-width: 1.4; stroke-dasharray: 5 3" },
  { class: "failing", stroke: ["#cf222e", "#f85149"], css: "fill: none; stroke-width: 1.4; stroke-dasharray: 2 3" },
  { class: "line-head", fill: ["#59636e", "#9198a1"] },
  { class: "undoing-head", fill: ["#9a6700", "#d29922"] },
  { class: "failing-head", fill: ["#cf222e", "#f85149"] },
  { class: "ruler", stroke: ["#d0d7de", "#30363d"], css: "fill: none" },
  { class: "behind", fill: ["#ffffff", "#0d1117"] },
];

/** What a line is for: each has its colour, and a head of the same. */
export type LineKind = "line" | "undoing" | "failing";

/** The heads of arrows, to be defined once a picture. */
export const heads = (): string => element("defs", {}, ...(["line", "undoing", "failing"] as const).map(headOf));

const headOf = (kind: LineKind): string =>
  element(
    "marker",
    {
      id: `${kind}-head`,
      viewBox: "0 0 8 8",
      refX: 7.2,
      refY: 4,
      markerWidth: 8,
      markerHeight: 8,
      orient: "auto",
      markerUnits: "userSpaceOnUse",
    },
    element("path", { class: `${kind}-head`, d: "M0 0.6 L8 4 L0 7.4 Z" }),
  );

/** A box: its outline, its caption and its name. */
export const drawBox = (box: PlacedBox): string => {
  const { kind, x, y, height, caption, lines } = box;
  const lid = kind === "store" ? 8 : 0;
  const top = y - height / 2 + 9 + lid;
  const names = lines.map((line, at) =>
    textElement(
      "text",
      {
        class: "ink",
        x,
        y: top + captionHeight + at * lineHeight + 12,
        "font-size": nameSize,
        "text-anchor": "middle",
      },
      line,
    ),
  );
  const word = textElement(
    "text",
    { class: "pale", x, y: top + 8, "font-size": captionSize, "text-anchor": "middle" },
    caption,
  );
  return element("g", {}, outlines[kind](box), word, ...names);
};

/** Half the height of a cylinder's lid, px. */
const lidHeight = 7;

const rectOf = ({ kind, x, y, width, height }: PlacedBox, rx: number): string =>
  element("rect", { class: kind, x: x - width / 2, y: y - height / 2, width, height, rx });

const outlines: Readonly<Record<BoxKind, (box: PlacedBox) => string>> = {
  topic: (box) => rectOf(box, 16),
  letters: (box) => rectOf(box, 16),
  step: (box) => rectOf(box, 3),
  drop: (box) => rectOf(box, 3),
  outbox: (box) => {
    const { x, y, width, height } = box;
    const sides = [x - width / 2 + 5, x + width / 2 - 5].map(
      (side) => `M${pair(side, y - height / 2)} V${numberText(y + height / 2)}`,
    );
    return rectOf(box, 2) + element("path", { class: "outbox", d: sides.join(" ") });
  },
  undo: ({ x, y, width, height }) => {
    const [left, right, top, bottom] = [x - width / 2, x + width / 2, y - height / 2, y + height / 2];
    const corners = [
      [left + 10, top],
      [right - 10, top],
      [right, y],
      [right - 10, bottom],
      [left + 10, bottom],
      [left, y],
    ].map(([a = 0, b = 0]) => pair(a, b));
    return element("polygon", { class: "undo", points: corners.join(" ") });
  },
  store: ({ x, y, width, height }) => {
    const [left, right, top, bottom] = [
      x - width / 2,
      x + width / 2,
      y - height / 2 + lidHeight,
      y + height / 2 - lidHeight,
    ];
    const round = `A${pair(width / 2, lidHeight)} 0 0 1 ${pair(left, bottom)}`;
    const body = `M${pair(left, top)} H${numberText(right)} V${numberText(bottom)} ${round} Z`;
    return (
      element("path", { class: "store", d: body }) +
      element("ellipse", { class: "store", cx: x, cy: top, rx: width / 2, ry: lidHeight })
    );
  },
};

/** A line through points, with a head at its end: it leaves each point, and comes to the next, straight up or down. */
export const drawLine = (kind: LineKind, points: readonly Point[]): string =>
  element("path", { class: kind, d: bentPath(points), "marker-end": `url(#${kind}-head)` });

const bentPath = (points: readonly Point[]): string =>
  points
    .map(({ x, y }, at) => {
      const before = points[at - 1];
      if (before === undefined) return `M${pair(x, y)}`;
      if (before.x === x || before.y === y) return `L${pair(x, y)}`;
      const middle = (before.y + y) / 2;
      return `C${pair(before.x, middle)} ${pair(x, middle)} ${pair(x, y)}`;
    })
    .join(" ");

const pair = (x: number, y: number): string => `${numberText(x)},${numberText(y)}`;

/** The words at an arrow, on a patch that hides the line. */
export const drawLabel = ({ label }: PlacedArrow): readonly string[] => {
  if (label === undefined) return [];
  const { x, y, width, height, outcomes, via } = label;
  const patch = element("rect", { class: "behind", x: x - width / 2, y: y - height / 2, width, height, rx: 4 });
  const lines = [
    ...outcomes.map((text) => ({ text, look: "ink" })),
    ...(via === "" ? [] : [{ text: via, look: "pale" }]),
  ];
  // From the top: below the words may be room for a figure.
  const first = y - height / 2 + labelPaddingY + 11;
  const words = lines.map(({ text, look }, at) =>
    textElement(
      "text",
      { class: look, x, y: first + at * labelLineHeight, "font-size": labelSize, "text-anchor": "middle" },
      text,
    ),
  );
  return [element("g", {}, patch, ...words)];
};
