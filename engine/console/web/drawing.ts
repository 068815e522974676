/** A topology as the server laid it out, with what happens now written on it. */
import type { DrawingDocument, HoldDocument, TopologyDocument } from "../documents.ts";
import { count, duration, perSecond } from "./formats.ts";
import { html, type View } from "./html.ts";

/** From the bottom of a label or box to the line of its figure, px. */
const [aboveLabelEnd, aboveBoxEnd] = [8, 13] as const;

/** The drawing; it scrolls within its place where it is wider. */
export const Drawing = ({
  drawing,
  now,
}: {
  readonly drawing: DrawingDocument;
  readonly now: TopologyDocument;
}): View => {
  const { name, width, height, description, behind, labels, boxes } = drawing;
  // The server's own elements, of names that it has escaped.
  const inner = (svg: string) => ({ dangerouslySetInnerHTML: { __html: svg } });
  return html`<div class="scroll drawing" tabindex="0" role="region" aria-label=${`Drawing of ${name}`}>
    <svg xmlns="http://www.w3.org/2000/svg" viewBox=${`-12 -12 ${width} ${height}`} width=${width} height=${height}
      role="img" aria-labelledby=${`drawing-${name}`}>
      <title id=${`drawing-${name}`}>${description}</title>
      <g ...${inner(behind)}></g>
      ${labels.map(
        (label) => html`<g key=${label.key}>
          <g ...${inner(label.svg)}></g>
          <${Figure} x=${label.x} y=${label.y + label.height / 2 - aboveLabelEnd} rate=${now.flows[label.key] ?? 0} />
        </g>`,
      )}
      ${boxes.map(
        (box) => html`<g key=${`${box.kind} ${box.name}`}>
          <g ...${inner(box.svg)}></g>
          <${Note} x=${box.x} y=${box.y + box.height / 2 - aboveBoxEnd} note=${noteOf(box, now)} />
        </g>`,
      )}
    </svg>
  </div>`;
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

/** What is written in a box: how far a source is behind, and what a step waits for. */
const noteOf = (
  { kind, name }: DrawingDocument["boxes"][number],
  { sources, steps, holds }: TopologyDocument,
): BoxNote | undefined => {
  const source = kind === "endpoint" ? sources[name] : undefined;
  if (source !== undefined) {
    const { lagRecords, lagSeconds } = source;
    const text = lagRecords === 0 ? "nothing waits" : `${count(lagRecords)} wait, ${duration(lagSeconds * 1_000)}`;
    return { text, isBad: false };
  }
  if (kind !== "step") return undefined;
  const hold = longest(holds.filter(({ call }) => call === name));
  if (hold !== undefined) return { text: `waits for ${hold.who ?? hold.code}, ${duration(hold.forMs)}`, isBad: true };
  const rate = steps[name] ?? 0;
  return { text: rate > 0 ? `decides ${perSecond(rate)}` : "idle", isBad: false };
};

const longest = (holds: readonly HoldDocument[]): HoldDocument | undefined =>
  holds.toSorted((a, b) => b.forMs - a.forMs)[0];
