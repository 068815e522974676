/** A topology as the server laid it out, with what happens now written on it. */
import type { DrawingDocument, HoldDocument, TopologyDocument } from "../documents.ts";
import { count, duration, perSecond } from "./formats.ts";
import { html, type View } from "./html.ts";

/** From the bottom of a label or box to the line of its figure, px. */
const [aboveLabelEnd, aboveBoxEnd] = [8, 13] as const;

/** The server's own elements, of names that it has escaped. */
const inner = (svg: string) => ({ dangerouslySetInnerHTML: { __html: svg } });

type Label = DrawingDocument["labels"][number];
type Box = DrawingDocument["boxes"][number];

/** What is drawn of a graph; `onLabel` and `onBox` put something on each. It scrolls within its place where it is wider. */
const Frame = ({
  drawing,
  onLabel,
  onBox,
}: {
  readonly drawing: DrawingDocument;
  readonly onLabel: (label: Label) => View;
  readonly onBox: (box: Box) => View;
}): View => {
  const { name, hash, width, height, description, behind, labels, boxes } = drawing;
  const id = `drawing-${name}-${hash}`;
  return html`<div class="scroll drawing" tabindex="0" role="region" aria-label=${`Drawing of ${name}, ${hash}`}>
    <svg xmlns="http://www.w3.org/2000/svg" viewBox=${`-12 -12 ${width} ${height}`} width=${width} height=${height}
      role="img" aria-labelledby=${id}>
      <title id=${id}>${description}</title>
      <g ...${inner(behind)}></g>
      ${labels.map((label) => html`<g key=${label.key}><g ...${inner(label.svg)}></g>${onLabel(label)}</g>`)}
      ${boxes.map((box) => html`<g key=${`${box.kind} ${box.name}`}><g ...${inner(box.svg)}></g>${onBox(box)}</g>`)}
    </svg>
  </div>`;
};

/** A topology with what happens now. */
export const Drawing = ({
  drawing,
  now,
}: {
  readonly drawing: DrawingDocument;
  readonly now: TopologyDocument;
}): View =>
  Frame({
    drawing,
    onLabel: ({ key, x, y, height }) =>
      html`<${Figure} x=${x} y=${y + height / 2 - aboveLabelEnd} rate=${now.flows[key] ?? 0} />`,
    onBox: (box) => html`<${Note} x=${box.x} y=${box.y + box.height / 2 - aboveBoxEnd} note=${noteOf(box, now)} />`,
  });

/** A topology as it is declared or deployed, with a mark around what differs. */
export const StillDrawing = ({
  drawing,
  marked = new Set(),
  mark = "",
}: {
  readonly drawing: DrawingDocument;
  /** Labels by their key, boxes by kind and name. */
  readonly marked?: ReadonlySet<string>;
  readonly mark?: string;
}): View => {
  const around = ({ x, y, width, height }: Label | Box): View =>
    html`<rect class=${`mark ${mark}`} x=${x - width / 2 - 3} y=${y - height / 2 - 3} width=${width + 6} height=${height + 6} rx="6" />`;
  return Frame({
    drawing,
    onLabel: (label) => (marked.has(label.key) ? around(label) : null),
    onBox: (box) => (marked.has(`${box.kind} ${box.name}`) ? around(box) : null),
  });
};

const Figure = ({ x, y, rate }: { readonly x: number; readonly y: number; readonly rate: number }): View =>
  html`<text class=${rate > 0 ? "figure moving" : "figure"} x=${x} y=${y} text-anchor="middle">${rate > 0 ? perSecond(rate) : "·"}</text>`;

interface BoxNote {
  readonly text: string;
  readonly isBad: boolean;
}

const Note = ({ x, y, note }: { readonly x: number; readonly y: number; readonly note: BoxNote | undefined }): View =>
  note === undefined
    ? null
    : html`<text class=${note.isBad ? "figure waiting" : "figure"} x=${x} y=${y} text-anchor="middle">${note.text}</text>`;

/** What is written in a box: how far a source is behind; of a step or a store what it waits for, or what it is at work for. */
const noteOf = ({ kind, name }: DrawingDocument["boxes"][number], now: TopologyDocument): BoxNote | undefined => {
  const { sources, steps, holds, inCalls } = now;
  const source = kind === "endpoint" ? sources[name] : undefined;
  if (source !== undefined) {
    const { lagRecords, lagSeconds } = source;
    if (lagRecords === null) return undefined;
    const age = lagSeconds === null ? "" : `, ${duration(lagSeconds * 1_000)}`;
    return { text: lagRecords === 0 ? "nothing waits" : `${count(lagRecords)} wait${age}`, isBad: false };
  }
  // A topic is appended to, and not called; what is in flight to it is the producer's.
  const call = kind === "step" ? name : kind === "endpoint" ? `write ${name}` : undefined;
  if (call === undefined) return undefined;
  const hold = longest(holds.filter((one) => one.call === call));
  if (hold !== undefined) return { text: `waits for ${hold.who ?? hold.code}, ${duration(hold.forMs)}`, isBad: true };
  const [rate, records] = [steps[name] ?? 0, inCalls[call]];
  if (kind === "endpoint" && records === undefined) return undefined;
  const texts = [...(rate > 0 ? [perSecond(rate)] : []), ...(records ? [`${count(records)} in flight`] : [])];
  return { text: texts.length === 0 ? "idle" : texts.join(", "), isBad: false };
};

/** The hold that has waited longest; undefined where there is none. */
export const longest = (holds: readonly HoldDocument[]): HoldDocument | undefined =>
  holds.toSorted((a, b) => b.forMs - a.forMs)[0];
