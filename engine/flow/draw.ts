/** A graph as text, one edge a line, so that a pull request shows the change of behaviour; and as a Mermaid flowchart. */
import type { Edge, Inline, TopologyGraph } from "./graph.ts";
import { effectOf, type HeldStack, heldStacks } from "./held.ts";

/**
 * One line an edge, in columns: where from, on which outcome, what happens, and what of its effects: how they would be
 * undone, what is kept for good. Ends with a line break. Where paths with different effects share an edge, all are named.
 */
export const drawText = (graph: TopologyGraph): string => {
  const stacks = heldStacks(graph);
  const rows = graph.edges.map((edge) => {
    const held = stacks.get(edge) ?? [];
    return [
      edge.from,
      `[${edge.on}]`,
      [...inlineTexts(edge), doesText(edge, held)].join(", "),
      notes(graph, edge, held).join("; "),
    ];
  });
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

/** A Mermaid flowchart: topics round, stores as cylinders, steps square, undos as hexagons at the end of dashed edges. */
export const drawMermaid = (graph: TopologyGraph): string => {
  const arrows = mergeArrows(arrowsOf(graph));
  const shapes = new Map<string, string>();
  for (const { from, to } of arrows) for (const node of [from, to]) shapes.set(nodeKey(node), shapeOf(graph, node));
  const ids = new Map([...shapes.keys()].map((key, at) => [key, `n${at}`]));
  const id = (node: Node): string => ids.get(nodeKey(node)) ?? "";
  return [
    "flowchart TD",
    ...[...shapes].map(([key, shape]) => `  ${ids.get(key)}${shape}`),
    ...arrows.map(({ from, to, label, dashed }) => {
      const text = label === "" ? "" : `|"${escaped(label)}"|`;
      return `  ${id(from)} ${dashed ? "-.->" : "-->"}${text} ${id(to)}`;
    }),
    "",
  ].join("\n");
};

type Node = { readonly kind: "endpoint" | "step" | "undo" | "drop"; readonly name: string };
interface Arrow {
  readonly from: Node;
  readonly to: Node;
  /** The outcome it is taken on; empty where only one is possible. */
  readonly on: string;
  readonly via: string;
  readonly dashed: boolean;
}
const nodeKey = ({ kind, name }: Node): string => `${kind} ${name}`;

const arrowsOf = (graph: TopologyGraph): readonly Arrow[] => {
  const stacks = heldStacks(graph);
  return graph.edges.flatMap((edge) => {
    const from: Node = { kind: edge.from in graph.steps ? "step" : "endpoint", name: edge.from };
    const on = edge.on === "*" ? "" : edge.on;
    const last = "project" in edge ? `${edge.project}${edge.does === "toMany" ? " (n)" : ""}` : "";
    const via = [...(edge.inline ?? []).flatMap(labelOf), last].filter((text) => text !== "").join(", ");
    const also = (edge.inline ?? []).flatMap((one): readonly Arrow[] =>
      one.does === "also"
        ? [{ from, to: { kind: "endpoint", name: one.sink }, on, via: one.project, dashed: false }]
        : [],
    );
    const undoing =
      edge.does === "fail" ? (stacks.get(edge) ?? []).flatMap((stack) => undoArrows(from, on, stack)) : [];
    return [...also, ...undoing, { from, to: targetOf(edge), on, via, dashed: false }];
  });
};

const labelOf = (one: Inline): readonly string[] => (one.does === "map" ? [one.map] : []);

const targetOf = (edge: Edge): Node => {
  switch (edge.does) {
    case "step":
      return { kind: "step", name: edge.step };
    case "drop":
      return { kind: "drop", name: edge.reason };
    case "to":
    case "toMany":
    case "fail":
      return { kind: "endpoint", name: edge.sink };
  }
};

/** From the step that fails to the undo of the last effect, from there to the one before it; each writes its record. */
const undoArrows = (from: Node, on: string, stack: HeldStack): readonly Arrow[] =>
  stack.flatMap(({ undo }, at) => {
    const before = stack[at - 1];
    const here: Node = { kind: "undo", name: undo.undo };
    const reached = before === undefined ? from : ({ kind: "undo", name: before.undo.undo } as const);
    return [
      { from: reached, to: here, on, via: "", dashed: true },
      ...(undo.sink === undefined ? [] : [recordArrow(here, undo.sink, undo.project ?? "")]),
    ];
  });

const recordArrow = (from: Node, sink: string, via: string): Arrow => ({
  from,
  to: { kind: "endpoint", name: sink },
  on: "",
  via,
  dashed: true,
});

type Drawn = Arrow & { readonly label: string };

/** Arrows between the same two nodes are one, with all their outcomes. */
const mergeArrows = (arrows: readonly Arrow[]): readonly Drawn[] => {
  const alike = Map.groupBy(arrows, ({ from, to, via }) => JSON.stringify([from, to, via]));
  return [...alike.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const outcomes = [...new Set([first, ...more].map(({ on }) => on))].filter((on) => on !== "").join(", ");
    const label = [outcomes, first.via === "" ? "" : `via ${first.via}`].filter((text) => text !== "").join(" ");
    return [{ ...first, label }];
  });
};

const shapeOf = ({ endpoints }: TopologyGraph, { kind, name }: Node): string => {
  const text = `"${escaped(kind === "drop" ? `drop: ${name}` : kind === "undo" ? `undo: ${name}` : name)}"`;
  switch (kind) {
    case "step":
      return `[${text}]`;
    case "undo":
      return `{{${text}}}`;
    case "drop":
      return `[/${text}/]`;
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
