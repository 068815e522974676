/** A topology as the console draws it: laid out here, in pieces that the browser puts figures and marks on. */
import { arrowKey, type DrawnOutbox } from "../../flow/arrows.ts";
import { drawText } from "../../flow/draw.ts";
import { graphHash, type TopologyGraph } from "../../flow/graph.ts";
import { place } from "../../flow/svg/place.ts";
import { drawBox, drawLabel, drawLine, heads, looks } from "../../flow/svg/shapes.ts";
import { ink, pale, styleOf } from "../../svg/picture.ts";
import type { DrawingDocument } from "../documents.ts";

/** Around a drawing, px. */
const margin = 12;

/** Draws, with room for figures. The same for the same graph; some 100 ms for twenty arrows. */
export const drawLive = (graph: TopologyGraph, outboxes: readonly DrawnOutbox[]): DrawingDocument =>
  drawPieces(graph, outboxes, true);

/** Draws without that room. */
export const drawStill = (graph: TopologyGraph, outboxes: readonly DrawnOutbox[]): DrawingDocument =>
  drawPieces(graph, outboxes, false);

const drawPieces = (graph: TopologyGraph, outboxes: readonly DrawnOutbox[], hasFigures: boolean): DrawingDocument => {
  const placed = place(graph, { outboxes }, hasFigures);
  return {
    name: graph.name,
    hash: graphHash(graph).slice(0, 8),
    width: Math.ceil(placed.width + 2 * margin),
    height: Math.ceil(placed.height + 2 * margin),
    description: drawText(graph, { outboxes }).trimEnd(),
    behind: [heads(), ...placed.arrows.map(({ dashed, points }) => drawLine(dashed ? "undoing" : "line", points))].join(
      "",
    ),
    labels: placed.arrows.flatMap(({ label, arrow, ...rest }) => {
      if (label === undefined || arrow === undefined) return [];
      const { x, y, width, height } = label;
      return [{ key: arrowKey(arrow), x, y, width, height, svg: drawLabel({ ...rest, label }).join("") }];
    }),
    boxes: placed.boxes.flatMap((box) => {
      const { node, x, y, width, height } = box;
      return node === undefined ? [] : [{ kind: node.kind, name: node.name, x, y, width, height, svg: drawBox(box) }];
    }),
  };
};

/** The colours of drawings, within elements of the class `drawing`: they are no colours of the page's own classes. */
export const drawingStyles = (): string => `.drawing {\n${styleOf([ink, pale, ...looks])}}\n`;
