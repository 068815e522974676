/**
 * Draws every topology into the file beside it that a review looks at, and as a picture into docs/pictures. Run it after a
 * change that is meant: `npx node topology/write-snapshots.ts`. The topology's test fails until then.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { couponIssuing } from "./coupon-issuing.ts";
import { drawTopology } from "../engine/app/draw-topology.ts";
import { externalData } from "./external-data.ts";
import type { GraphFormat } from "../engine/app/graph-formats.ts";
import type { TopologyGraph } from "../engine/flow/graph.ts";
import { drawnOutbox } from "../engine/outbox/define-outbox.ts";
import { paymentOutbox } from "./payment-outbox.ts";
import { transactionHistory } from "./transaction-history.ts";

interface Drawn {
  readonly graph: TopologyGraph;
}

/** Every outbox of the shop; a drawing has those that publish to its topology. */
const outboxes = [drawnOutbox(paymentOutbox)];

/** The files a topology is drawn into, with what is to be in them. */
const drawingsOf = async ({ graph }: Drawn): Promise<readonly (readonly [path: string, text: string])[]> => {
  const as = (format: GraphFormat) => drawTopology(graph, outboxes, format);
  return [
    [pathTo(`${graph.name}.snapshot.md`), snapshotText(graph.name, await as("text"), await as("mermaid"))],
    [pathTo(`../docs/pictures/${graph.name}.svg`), await as("svg")],
  ];
};

const pathTo = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const snapshotText = (name: string, text: string, mermaid: string): string =>
  [
    `# ${name}`,
    "",
    "Written by `npx node topology/write-snapshots.ts`; compared in the topology's test.",
    "",
    "```text",
    `${text}\`\`\``,
    "",
    "```mermaid",
    `${mermaid}\`\`\``,
    "",
  ].join("\n");

/** The drawings that are not as they are kept, by path. */
export const staleDrawings = async (topology: Drawn): Promise<readonly string[]> => {
  const drawings = await drawingsOf(topology);
  const kept = await Promise.all(drawings.map(([path]) => readFile(path, "utf8").catch(() => undefined)));
  return drawings.flatMap(([path, text], at) => (kept[at] === text ? [] : [path]));
};

if (import.meta.main) {
  const all: readonly Drawn[] = [couponIssuing, transactionHistory, externalData];
  for (const topology of all) for (const [path, text] of await drawingsOf(topology)) await writeFile(path, text);
}
