/** A graph as text, one edge a line, so that a pull request shows the change of behaviour; and as a Mermaid flowchart. */
import { arrowsOf, type Node, nodeKey, nothingAround, outboxesOf, type Surroundings } from "./arrows.ts";
import type { Edge, TopologyGraph } from "./graph.ts";
import { effectOf, type HeldStack, heldStacks } from "./held.ts";

/**
 * One line an edge, in columns: where from, on which outcome, what happens, and what of its effects: how they would be
 * undone, what is kept for good. Outboxes that publish to one of its topics come first. Ends with a line break. Where paths
 * with different effects share an edge, all are named.
 */
export const drawText = (graph: TopologyGraph, around: Surroundings = nothingAround): string => {
  const stacks = heldStacks(graph);
  const fed = outboxesOf(graph, around).map(({ name, topic, project }) => {
    return [`outbox ${name}`, "[*]", `-> ${topic} via ${project}`, ""];
  });
  const own = graph.edges.map((edge) => {
    const held = stacks.get(edge) ?? [];
    return [
      edge.from,
      `[${edge.on}]`,
      [...inlineTexts(edge), doesText(edge, held)].join(", "),
      notes(graph, edge, held).join("; "),
    ];
  });
  const rows = [...fed, ...own];
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
};

const doesText = (edge: Edge, held: readonly HeldStack[]): string => {
  switch (edge.does) {
    case "step":
      return edge.step;
    case "drop":
      return `drop: ${edge.reason}`;
    case "to":
      return `-> ${edge.sink} via ${edge.project}`;
    case "toMany":
      return `->> ${edge.sink} via ${edge.project}`;
    case "fail":
      return `${undoText(held)}-> ${edge.sink} via ${edge.project}`;
  }
};

const inlineTexts = ({ inline = [] }: Edge): readonly string[] =>
  inline.map((one) => {
    if (one.does === "also") return `+> ${one.sink} via ${one.project}`;
    return one.does === "map" ? `map ${one.map}` : `keep ${one.name}`;
  });

const undoText = (held: readonly HeldStack[]): string => {
  const ways = alternatives(held, (stack) => stack.map(({ undo }) => undo.undo).join(" then "));
  return ways === "" ? "" : `undo ${ways}, `;
};

const notes = (graph: TopologyGraph, edge: Edge, held: readonly HeldStack[]): readonly string[] => {
  const how = effectOf(graph, edge)?.[1];
  const declared =
    how === undefined
      ? []
      : "pivot" in how
        ? [`pivot: ${how.pivot}`]
        : [`undone by ${how.undo}${how.sink === undefined ? "" : ` -> ${how.sink} via ${how.project}`}`];
  const kept =
    edge.does === "drop" || edge.does === "to" || edge.does === "toMany" ? alternatives(held, outcomesOf) : "";
  return kept === "" ? declared : [...declared, `keeps ${kept}`];
};

const outcomesOf = (stack: HeldStack): string => stack.map(({ outcome }) => outcome).join(" and ");

/** `a or b or nothing` where paths with different effects lead here; empty where none of them has any. */
const alternatives = (held: readonly HeldStack[], textOf: (stack: HeldStack) => string): string => {
  const ways = new Set(held.map(textOf));
  if (ways.size === 0 || (ways.size === 1 && ways.has(""))) return "";
  return [...ways].map((way) => (way === "" ? "nothing" : way)).join(" or ");
};

/**
 * A Mermaid flowchart: topics round, stores as cylinders, steps square, outboxes with double sides, undos as hexagons at
 * the end of dashed edges.
 */
export const drawMermaid = (graph: TopologyGraph, around: Surroundings = nothingAround): string => {
  const arrows = arrowsOf(graph, around);
  const shapes = new Map<string, string>();
  for (const { from, to } of arrows) for (const node of [from, to]) shapes.set(nodeKey(node), shapeOf(graph, node));
  const ids = new Map([...shapes.keys()].map((key, at) => [key, `n${at}`]));
  const id = (node: Node): string => ids.get(nodeKey(node)) ?? "";
  return [
    "flowchart TD",
    ...[...shapes].map(([key, shape]) => `  ${ids.get(key)}${shape}`),
    ...arrows.map(({ from, to, outcomes, via, dashed }) => {
      const label = [outcomes.join(", "), via === "" ? "" : `via ${via}`].filter((part) => part !== "").join(" ");
      const text = label === "" ? "" : `|"${escaped(label)}"|`;
      return `  ${id(from)} ${dashed ? "-.->" : "-->"}${text} ${id(to)}`;
    }),
    "",
  ].join("\n");
};

const shapeOf = ({ endpoints }: TopologyGraph, { kind, name }: Node): string => {
  const text = `"${escaped(kind === "step" || kind === "endpoint" ? name : `${kind}: ${name}`)}"`;
  switch (kind) {
    case "step":
      return `[${text}]`;
    case "undo":
      return `{{${text}}}`;
    case "drop":
      return `[/${text}/]`;
    case "outbox":
      return `[[${text}]]`;
    case "endpoint":
      return endpoints[name]?.kind === "store" ? `[(${text})]` : `([${text}])`;
  }
};

// Mermaid's entities are written with `#`. A reason is free text; names are not, but cost nothing to escape.
const entities: Readonly<Record<string, string>> = {
  "#": "#35;",
  '"': "#quot;",
  "<": "#lt;",
  ">": "#gt;",
  "`": "#96;",
};
const escaped = (text: string): string =>
  text.replace(/[#"<>`]/g, (character) => entities[character] ?? character).replace(/\s+/g, " ");
