/** Series of points over an axis of numbers, joined by lines, with each series named at its end. */
import { element, numberText, textElement } from "../../engine/svg/element.ts";
import { drawPicture } from "../../engine/svg/picture.ts";
import { textWidth } from "../../engine/svg/text-width.ts";
import { chartLabel, chartLooks, headHeight, heading, margin, mostSeries, noteSize, titleSize } from "./chart-looks.ts";
import { linearScale, logScale, numberWords, type Scale } from "./ticks.ts";

/** A point; `y` is at least 0. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}

/** One line. */
export interface Series {
  readonly name: string;
  /** From the left, at least one. */
  readonly points: readonly ChartPoint[];
  /** Whether the values are written at its points. */
  readonly values?: boolean;
  /** Whether it is a line to compare with, without points: nothing was measured at any of them. */
  readonly isReference?: boolean;
}

/** What is drawn. */
export interface LineChart {
  readonly title: string;
  /** What is measured, and in which unit. */
  readonly note: string;
  /** What is along the bottom. */
  readonly across: string;
  /** Whether the bottom axis goes by powers of ten; its numbers are then more than 0. */
  readonly byTens?: boolean;
  /** At most four. */
  readonly series: readonly Series[];
}

/** Sizes in px. */
const [plotWidth, plotHeight, gap, nameSize, nameHeight] = [480, 230, 10, 12, 16] as const;

/**
 * The chart as an SVG document; the same text for the same values.
 * @throws RangeError where there is no point, a number the axes cannot have, or more series than can be told apart.
 */
export const drawLineChart = ({ title, note, across, byTens = false, series }: LineChart): string => {
  const points = series.flatMap((one) => one.points);
  if (series.length > mostSeries) throw new RangeError(`${series.length} series cannot be told apart`);
  if (points.length === 0) throw new RangeError("a chart without points shows nothing");
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const bottom = headHeight + plotHeight;
  // Below the head there is room for the value of a point at the very top.
  const up = linearScale(Math.max(...ys), bottom, headHeight + noteSize + gap);
  const left = margin + Math.max(...up.ticks.map((tick) => textWidth(numberWords(tick), noteSize))) + gap;
  const right = left + plotWidth;
  const along = byTens
    ? logScale(Math.min(...xs), Math.max(...xs), left + gap, right - gap)
    : linearScale(Math.max(...xs), left, right - gap);
  const names = Math.max(...series.map(({ name }) => textWidth(name, nameSize)));
  const head = Math.max(textWidth(title, titleSize), textWidth(note, noteSize)) + 2 * margin;
  const width = Math.max(right + gap + names + margin, head);
  return drawPicture({
    ...{ width, height: bottom + 44 + margin / 2, title, looks: chartLooks },
    description: [note, ...series.map((one) => `${one.name}: ${valuesOf(one)}`), `By ${across}`].join("\n"),
    children: [
      ...heading(title, note),
      ...axes(up, along, { left, right, bottom, across }),
      ...series.flatMap((one, at) => drawSeries(one, at, up, along)),
      ...endNames(series, up, right + gap),
    ],
  });
};

const valuesOf = ({ points }: Series): string =>
  points.map(({ x, y }) => `${numberWords(y)} at ${numberWords(x)}`).join(", ");

const axes = (
  up: Scale,
  along: Scale,
  {
    left,
    right,
    bottom,
    across,
  }: { readonly left: number; readonly right: number; readonly bottom: number; readonly across: string },
): readonly string[] => [
  ...up.ticks.flatMap((tick) => [
    element("line", { class: tick === 0 ? "axis" : "grid", x1: left, x2: right, y1: up.at(tick), y2: up.at(tick) }),
    chartLabel(left - gap, up.at(tick) + 4, "end", numberWords(tick)),
  ]),
  ...along.ticks.flatMap((tick) => [
    element("line", { class: "axis", x1: along.at(tick), x2: along.at(tick), y1: bottom, y2: bottom + 5 }),
    chartLabel(along.at(tick), bottom + 18, "middle", numberWords(tick)),
  ]),
  chartLabel((left + right) / 2, bottom + 36, "middle", across),
];

const drawSeries = (
  { points, values, isReference = false }: Series,
  at: number,
  up: Scale,
  along: Scale,
): readonly string[] => {
  const placed = points.map(({ x, y }) => ({ x: along.at(x), y: up.at(y), value: y }));
  const way = placed.map(({ x, y }) => `${numberText(x)},${numberText(y)}`).join(" ");
  return [
    element("polyline", { class: `series-${at}`, points: way }),
    ...(isReference ? [] : placed.map(({ x, y }) => pointShape(at, x, y))),
    ...(values === true
      ? placed.map(({ x, y, value }) => chartLabel(x, y - 9, "middle", numberWords(value), "value"))
      : []),
  ];
};

/** Round, square, on its corner, or wide: for those who do not tell the colours apart. */
const pointShape = (at: number, x: number, y: number): string => {
  const square = { class: `point-${at}`, x: x - 4, y: y - 4, width: 8, height: 8 };
  switch (at) {
    case 0:
      return element("circle", { class: "point-0", cx: x, cy: y, r: 4 });
    case 1:
      return element("rect", square);
    case 2:
      return element("path", { class: "point-2", d: `M${numberText(x)},${numberText(y - 5)} l5,5 l-5,5 l-5,-5 Z` });
    default:
      return element("rect", { ...square, y: y - 2, height: 4 });
  }
};

/** Names at the right, at the height of their last point, and as far from each other as they are high. */
const endNames = (series: readonly Series[], up: Scale, x: number): readonly string[] => {
  const wanted = series
    .map(({ name, points }, at) => ({ name, at, y: up.at(points.at(-1)?.y ?? 0) }))
    .sort((a, b) => b.y - a.y);
  let below = Number.POSITIVE_INFINITY;
  return wanted.map(({ name, at, y }) => {
    below = Math.min(y, below - nameHeight);
    return textElement("text", { class: `point-${at}`, x, y: below + 4, "font-size": nameSize }, name);
  });
};
