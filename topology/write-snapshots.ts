/**
 * Draws every topology into the file beside it that a review looks at. Run it after a change that is meant:
 * `npx node topology/write-snapshots.ts`. The topology's test fails until then.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { couponIssuing } from "./coupon-issuing.ts";
import { drawMermaid, drawText } from "../engine/flow/draw.ts";
import { externalData } from "./external-data.ts";
import type { TopologyGraph } from "../engine/flow/graph.ts";
import { transactionHistory } from "./transaction-history.ts";

interface Drawn {
  readonly graph: TopologyGraph;
}

/** Where a topology's drawing is kept. */
export const snapshotPath = ({ graph }: Drawn): string =>
  fileURLToPath(new URL(`${graph.name}.snapshot.md`, import.meta.url));

/** A topology's drawing, as a Markdown document. */
export const snapshotText = ({ graph }: Drawn): string =>
  [
    `# ${graph.name}`,
    "",
    "Written by `npx node topology/write-snapshots.ts`; compared in the topology's test.",
    "",
    "```text",
    `${drawText(graph)}\`\`\``,
    "",
    "```mermaid",
    `${drawMermaid(graph)}\`\`\``,
    "",
  ].join("\n");

if (import.meta.main) {
  const all: readonly Drawn[] = [couponIssuing, transactionHistory, externalData];
  for (const topology of all) await writeFile(snapshotPath(topology), snapshotText(topology));
}
