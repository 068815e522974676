/** The colours of charts, and their heading. Series differ by colour and by the shape of their points. */
import { textElement } from "../../engine/svg/element.ts";
import { type Look, pale, paper } from "../../engine/svg/picture.ts";

/** Sizes of text in px. */
export const titleSize = 14;
export const noteSize = 11;
export const margin = 20;
/** Height of the heading in px: the title, and under it what is measured. */
export const headHeight = 50;

const colours = [
  ["#0969da", "#4493f8"],
  ["#bc4c00", "#f0883e"],
  ["#1a7f37", "#3fb950"],
  ["#8250df", "#ab7df8"],
] as const;

/** How many series a chart can tell apart. */
export const mostSeries = colours.length;

const colourOf = ({ fill }: Look): Pick<Look, "fill"> => (fill === undefined ? {} : { fill });
const strokeOf = ({ fill }: Look): Pick<Look, "stroke"> => (fill === undefined ? {} : { stroke: fill });

/** Every class that a chart uses. */
export const chartLooks: readonly Look[] = [
  { class: "grid", stroke: ["#d8dee4", "#21262d"], css: "stroke-width: 1" },
  { class: "axis", stroke: ["#818b98", "#656c76"], css: "stroke-width: 1" },
  // Values may stand on lines: what is behind them is the paper.
  { class: "value", ...colourOf(pale), ...strokeOf(paper), css: "paint-order: stroke; stroke-width: 4" },
  { class: "limit", stroke: ["#cf222e", "#f85149"], css: "stroke-width: 2" },
  ...colours.flatMap((shade, at): readonly Look[] => [
    { class: `series-${at}`, stroke: shade, css: "fill: none; stroke-width: 2" },
    { class: `point-${at}`, fill: shade },
  ]),
];

/** The title, and under it a note. */
export const heading = (title: string, note: string): readonly string[] => [
  textElement("text", { class: "ink", x: margin, y: margin + 8, "font-size": titleSize, "font-weight": 600 }, title),
  textElement("text", { class: "pale", x: margin, y: margin + 26, "font-size": noteSize }, note),
];

/** A number at an axis or a point, or what an axis is of; `anchor` as SVG has it. */
export const chartLabel = (
  x: number,
  y: number,
  anchor: "start" | "middle" | "end",
  text: string,
  look = "pale",
): string => textElement("text", { class: look, x, y, "font-size": noteSize, "text-anchor": anchor }, text);
