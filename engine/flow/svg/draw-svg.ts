/** A graph as a picture, for documents and pages: the same text for the same graph. */
import { drawPicture } from "../../svg/picture.ts";
import { textWidth } from "../../svg/text-width.ts";
import { element, textElement } from "../../svg/element.ts";
import { nothingAround, type Surroundings } from "../arrows.ts";
import { drawText } from "../draw.ts";
import type { TopologyGraph } from "../graph.ts";
import { type LetterTopics, moved, placeLetters } from "./letters.ts";
import { place, type Placed } from "./place.ts";
import { drawBox, drawLabel, drawLine, heads, type LineKind, looks } from "./shapes.ts";

/** What stands around a graph in its picture. */
export interface PictureSurroundings extends Surroundings {
  /** Left out where nothing is set aside. */
  readonly letters?: LetterTopics;
}

/** Distances in px. */
const margin = 24;
const titleHeight = 38;
const titleSize = 16;
const rowGap = 30;

/**
 * An SVG document: topics round, stores as cylinders, steps square, outboxes with double sides, undos as hexagons at the
 * end of dashed arrows, what is dropped dotted, dead letters in a row of their own. Readable in light and dark.
 */
export const drawSvg = (graph: TopologyGraph, around: PictureSurroundings = nothingAround): string => {
  const own = place(graph, around);
  const row = around.letters === undefined ? undefined : placeLetters(around.letters);
  const inner = Math.max(own.width, row?.width ?? 0, textWidth(graph.name, titleSize));
  const top = margin + titleHeight;
  const centred = moved(own, margin + (inner - own.width) / 2, top);
  const ruler = top + own.height + rowGap;
  const below = row && moved(row, margin + (inner - row.width) / 2, ruler + rowGap);
  const width = inner + 2 * margin;
  return drawPicture({
    width,
    height: below === undefined ? top + own.height + margin : ruler + rowGap + below.height + margin,
    title: graph.name,
    description: drawText(graph, around).trimEnd(),
    looks,
    children: [
      heads(),
      textElement(
        "text",
        { class: "ink", x: margin, y: margin + 12, "font-size": titleSize, "font-weight": 600 },
        graph.name,
      ),
      ...drawn(centred, (dashed) => (dashed ? "undoing" : "line")),
      ...(below === undefined
        ? []
        : [
            element("path", { class: "ruler", d: `M${margin},${ruler} H${width - margin}` }),
            ...drawn(below, () => "failing"),
          ]),
    ],
  });
};

/** Lines first, so that every label hides the lines behind it. */
const drawn = ({ boxes, arrows }: Placed, kindOf: (dashed: boolean) => LineKind): readonly string[] => [
  ...arrows.map(({ dashed, points }) => drawLine(kindOf(dashed), points)),
  ...arrows.flatMap(drawLabel),
  ...boxes.map(drawBox),
];
