/** A topology as an application runs it, drawn: its graph, the outboxes that publish to it, its dead letters. */
import { asyncApiOf } from "../flow/asyncapi.ts";
import { type DrawnOutbox, outboxesOf } from "../flow/arrows.ts";
import { drawMermaid, drawText } from "../flow/draw.ts";
import type { TopologyGraph } from "../flow/graph.ts";
import { deadLetterTopic } from "../worker/round/dead-letter.ts";
import { retryTopic } from "../worker/round/retry-record.ts";
import type { GraphFormat } from "./graph-formats.ts";

/**
 * The drawing of a graph, ending with a line break. JSON is the graph, with `outboxes` beside it where some publish to it:
 * they are no part of its hash. AsyncAPI has no place for outboxes. The layout of pictures is loaded for `svg` alone.
 */
export const drawTopology = async (
  graph: TopologyGraph,
  outboxes: readonly DrawnOutbox[],
  format: GraphFormat,
): Promise<string> => {
  const around = { outboxes };
  const letters = { deadLetters: deadLetterTopic(graph.name), retries: retryTopic(graph.name) };
  switch (format) {
    case "text":
      return drawText(graph, around);
    case "mermaid":
      return drawMermaid(graph, around);
    case "json": {
      const own = outboxesOf(graph, around);
      return `${JSON.stringify(own.length === 0 ? graph : { ...graph, outboxes: own }, null, 2)}\n`;
    }
    case "svg": {
      const { drawSvg } = await import("../flow/svg/draw-svg.ts");
      return drawSvg(graph, { outboxes, letters });
    }
    case "asyncapi":
      return `${JSON.stringify(asyncApiOf(graph, letters), null, 2)}\n`;
  }
};
