/** Values by name as horizontal bars, one line a name, with the value written at the bar's end. */
import { element, textElement } from "../../engine/svg/element.ts";
import { drawPicture } from "../../engine/svg/picture.ts";
import { textWidth } from "../../engine/svg/text-width.ts";
import { chartLabel, chartLooks, headHeight, heading, margin, noteSize, titleSize } from "./chart-looks.ts";
import { linearScale, numberWords } from "./ticks.ts";

/** One bar. */
export interface Bar {
  readonly name: string;
  /** At least 0. */
  readonly value: number;
  /** What it must not pass; marked. */
  readonly limit?: number;
}

/** What is drawn. */
export interface BarChart {
  readonly title: string;
  /** What is measured, and in which unit. */
  readonly note: string;
  /** Written after each value, such as ` s`. */
  readonly unit: string;
  /** From the top. */
  readonly bars: readonly Bar[];
}

/** Sizes in px. */
const [lineHeight, barHeight, plotWidth, fontSize, gap] = [22, 13, 420, 12, 8] as const;

/** The chart as an SVG document; the same text for the same values. @throws RangeError where a value is negative. */
export const drawBarChart = ({ title, note, unit, bars }: BarChart): string => {
  const words = bars.map(({ value }) => `${numberWords(value)}${unit}`);
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => textWidth(text, fontSize)));
  const left = margin + widest(bars.map(({ name }) => name)) + gap;
  const right = left + plotWidth;
  const head = Math.max(textWidth(title, titleSize), textWidth(note, noteSize)) + 2 * margin;
  const width = Math.max(right + gap + widest(words) + margin, head);
  const bottom = headHeight + margin / 2 + bars.length * lineHeight;
  const scale = linearScale(Math.max(0, ...bars.flatMap(({ value, limit = 0 }) => [value, limit])), left, right);
  const grid = scale.ticks.flatMap((tick) => [
    element("line", { class: "grid", x1: scale.at(tick), x2: scale.at(tick), y1: headHeight, y2: bottom }),
    chartLabel(scale.at(tick), bottom + 15, "middle", `${numberWords(tick)}${unit}`),
  ]);
  const lines = bars.flatMap(({ name, value, limit }, at) => {
    const y = headHeight + margin / 4 + (at + 0.5) * lineHeight;
    const end = scale.at(value);
    const mark = { class: "limit", y1: y - barHeight / 2 - 2, y2: y + barHeight / 2 + 2 };
    return [
      textElement("text", { class: "ink", x: left - gap, y: y + 4, "font-size": fontSize, "text-anchor": "end" }, name),
      element("rect", { class: "point-0", x: left, y: y - barHeight / 2, width: end - left, height: barHeight, rx: 2 }),
      ...(limit === undefined ? [] : [element("line", { ...mark, x1: scale.at(limit), x2: scale.at(limit) })]),
      textElement("text", { class: "ink", x: right + gap, y: y + 4, "font-size": fontSize }, words[at] ?? ""),
    ];
  });
  return drawPicture({
    ...{ width, height: bottom + 24 + margin / 2, title, looks: chartLooks },
    description: [note, ...bars.map(({ name }, at) => `${name}: ${words[at]}`)].join("\n"),
    children: [...heading(title, note), ...grid, ...lines],
  });
};
