/** A whole picture: its size, what it says to those who do not see it, and its colours in light and dark. */
import { element, textElement } from "./element.ts";
import { fontFamily } from "./text-width.ts";

/** One colour in light and in dark. */
export type Shade = readonly [light: string, dark: string];

/** How the elements of a class look: properties that hold in both, and colours. */
export interface Look {
  readonly class: string;
  readonly fill?: Shade;
  readonly stroke?: Shade;
  /** Further CSS, such as `font-size: 11px`. */
  readonly css?: string;
}

/** A picture, in px. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What it shows, in words. */
  readonly description: string;
  readonly looks: readonly Look[];
  readonly children: readonly string[];
}

/** Behind everything, so that a picture can be read on a page of either kind. */
export const paper: Look = { class: "paper", fill: ["#ffffff", "#0d1117"], stroke: ["#d0d7de", "#30363d"] };
/** Text that matters, and text that explains. */
export const ink: Look = { class: "ink", fill: ["#1f2328", "#e6edf3"] };
export const pale: Look = { class: "pale", fill: ["#59636e", "#9198a1"] };

/** The document, with a line break after each element, so that a change of a picture is a change of few lines. */
export const drawPicture = ({ width, height, title, description, looks, children }: Picture): string => {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const background = element("rect", { class: paper.class, x: 0.5, y: 0.5, width: w - 1, height: h - 1, rx: 8 });
  const inside = [
    textElement("title", {}, title),
    textElement("desc", {}, description),
    element("style", {}, styleOf([paper, ink, pale, ...looks])),
    background,
    ...children,
  ];
  const size = { viewBox: `0 0 ${w} ${h}`, width: w, height: h };
  const attributes = { xmlns: "http://www.w3.org/2000/svg", ...size, role: "img", "font-family": fontFamily };
  return `${element("svg", attributes, `\n${inside.join("\n")}\n`)}\n`;
};

// Colours by class and not by variables: some readers of SVG know no variables, and none of them needs to know of dark.
/** The colours of classes as CSS, in light and in dark. */
export const styleOf = (looks: readonly Look[]): string => {
  const rules = (shade: 0 | 1) => looks.map((look) => ruleOf(look, shade)).filter((rule) => rule !== "");
  return `\n${rules(0).join("\n")}\n@media (prefers-color-scheme: dark) {\n${rules(1).join("\n")}\n}\n`;
};

const ruleOf = ({ class: name, fill, stroke, css }: Look, shade: 0 | 1): string => {
  const parts = [
    ...(fill === undefined ? [] : [`fill: ${fill[shade]}`]),
    ...(stroke === undefined ? [] : [`stroke: ${stroke[shade]}`]),
    ...(css === undefined || shade === 1 ? [] : [css]),
  ];
  return parts.length === 0 ? "" : `.${name} { ${parts.join("; ")} }`;
};
