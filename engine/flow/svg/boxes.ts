/** What stands in the box of a node, and how large the box is: a small word for its kind above its name. */
import { textWidth, wrapText } from "../../svg/text-width.ts";
import type { Node } from "../arrows.ts";
import type { TopologyGraph } from "../graph.ts";
import type { Sized } from "./dagre.ts";

/** How a box looks. Dead letters and replays are topics that the worker has beside the graph's. */
export type BoxKind = "topic" | "store" | "step" | "undo" | "drop" | "outbox" | "letters";

/** A box without a place. */
export interface Box extends Sized {
  readonly kind: BoxKind;
  readonly caption: string;
  readonly lines: readonly string[];
}

/** Sizes in px. */
export const nameSize = 13;
export const captionSize = 10;
export const lineHeight = 17;
export const captionHeight = 15;
const [paddingX, paddingY] = [18, 9];
/** Names are rarely longer; the reason of a drop is. */
const mostColumns = 32;

/** A box around text. */
export const boxOf = (kind: BoxKind, caption: string, name: string): Box => {
  const lines = wrapText(name, mostColumns);
  const widths = [textWidth(caption, captionSize), ...lines.map((line) => textWidth(line, nameSize))];
  // A cylinder needs its lid.
  const lid = kind === "store" ? 8 : 0;
  return {
    ...{ kind, caption, lines },
    width: Math.ceil(Math.max(...widths) + 2 * paddingX),
    height: captionHeight + lines.length * lineHeight + 2 * paddingY + lid,
  };
};

/** The box of a node of a graph; where there are figures, one of a source, a step or a store has room for a line of them. */
export const nodeBox = (graph: TopologyGraph, node: Node, hasFigures = false): Box => {
  const box = plainBox(graph, node);
  const { sources, endpoints } = graph;
  const isStore = endpoints[node.name]?.kind === "store";
  const isLive = node.kind === "step" || (node.kind === "endpoint" && (sources.includes(node.name) || isStore));
  if (!hasFigures || !isLive) return box;
  return { ...box, width: Math.max(box.width, figureWidth), height: box.height + lineHeight };
};

/** Room for a lag, a wait, or what is in flight at some rate in a box, px: `12,345/s, 2,000 in flight`. */
const figureWidth = 194;

const plainBox = ({ endpoints }: TopologyGraph, { kind, name }: Node): Box => {
  if (kind !== "endpoint") return boxOf(kind, kind === "drop" ? "dropped" : kind, name);
  const endpoint = endpoints[name];
  if (endpoint?.kind !== "topic") return boxOf("store", "store", name);
  const { partitions } = endpoint;
  return boxOf("topic", `topic, ${partitions} partition${partitions === 1 ? "" : "s"}`, name);
};

/** The words at an arrow: its outcomes, and the pure function on the way. */
export interface Label extends Sized {
  readonly outcomes: readonly string[];
  readonly via: string;
}

/** Sizes in px. */
export const labelSize = 11.5;
export const labelLineHeight = 15;
const labelPaddingX = 7;
export const labelPaddingY = 4;
const labelColumns = 26;

/** What a label has room for below its words, where there are figures. */
const widestFigure = "123,456/s";

/** The label of an arrow; of no size where there is nothing to say. Where there are figures, each has room for one. */
export const labelOf = (outcomes: readonly string[], via: string, hasFigures = false): Label => {
  const lines = outcomes.length === 0 ? [] : wrapText(outcomes.join(", "), labelColumns);
  const all = [...lines, ...(via === "" ? [] : [via]), ...(hasFigures ? [widestFigure] : [])];
  if (all.length === 0) return { outcomes: [], via: "", width: 0, height: 0 };
  return {
    ...{ outcomes: lines, via },
    width: Math.ceil(Math.max(...all.map((line) => textWidth(line, labelSize))) + 2 * labelPaddingX),
    height: all.length * labelLineHeight + 2 * labelPaddingY,
  };
};
