/** A graph as nodes and the arrows between them: what its drawings show. */
import type { Edge, Inline, TopologyGraph } from "./graph.ts";
import { type HeldStack, heldStacks } from "./held.ts";

/** An outbox, which publishes rows of a table to a topic, by name. */
export interface DrawnOutbox {
  readonly name: string;
  readonly topic: string;
  /** The projection of a row. */
  readonly project: string;
}

/** What a drawing shows beside the graph: it is not the topology's, and changes nothing of its hash. */
export interface Surroundings {
  /** Those that publish to none of the graph's topics are not drawn. */
  readonly outboxes: readonly DrawnOutbox[];
}

/** A topology by itself. */
export const nothingAround: Surroundings = { outboxes: [] };

/** The outboxes that publish to a topic of the graph. */
export const outboxesOf = ({ endpoints }: TopologyGraph, { outboxes }: Surroundings): readonly DrawnOutbox[] =>
  outboxes.filter(({ topic }) => Object.hasOwn(endpoints, topic));

/** What an arrow leads from or to. An endpoint is a topic or a store. */
export interface Node {
  readonly kind: "endpoint" | "step" | "undo" | "drop" | "outbox";
  readonly name: string;
}
/** Differs where nodes do. */
export const nodeKey = ({ kind, name }: Node): string => `${kind} ${name}`;

/** What leads from one node to another, in one way. */
export interface Arrow {
  readonly from: Node;
  readonly to: Node;
  /** The outcomes it is taken on; none where only one is possible. */
  readonly outcomes: readonly string[];
  /** The pure functions on the way, by name; empty where there are none. */
  readonly via: string;
  /** For what is done to undo. */
  readonly dashed: boolean;
}

/** Differs where arrows do. */
export const arrowKey = ({ from, to, via }: Pick<Arrow, "from" | "to" | "via">): string =>
  JSON.stringify([nodeKey(from), nodeKey(to), via]);

/** The arrows of a graph, each once, in the order of its edges; those of outboxes first. */
export const arrowsOf = (graph: TopologyGraph, around: Surroundings = nothingAround): readonly Arrow[] =>
  mergeArrows([...outboxesOf(graph, around).map(outboxArrow), ...singleArrows(graph)]);

/** An arrow of one outcome; `on` is empty where only one is possible. */
type Single = Omit<Arrow, "outcomes"> & { readonly on: string };

const outboxArrow = ({ name, topic, project }: DrawnOutbox): Single => ({
  from: { kind: "outbox", name },
  to: { kind: "endpoint", name: topic },
  on: "",
  via: project,
  dashed: false,
});

const singleArrows = (graph: TopologyGraph): readonly Single[] => {
  const stacks = heldStacks(graph);
  return graph.edges.flatMap((edge) => {
    const from: Node = { kind: edge.from in graph.steps ? "step" : "endpoint", name: edge.from };
    const on = edge.on === "*" ? "" : edge.on;
    const last = "project" in edge ? `${edge.project}${edge.does === "toMany" ? " (n)" : ""}` : "";
    const via = [...(edge.inline ?? []).flatMap(labelOf), last].filter((text) => text !== "").join(", ");
    const also = (edge.inline ?? []).flatMap((one): readonly Single[] =>
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
const undoArrows = (from: Node, on: string, stack: HeldStack): readonly Single[] =>
  stack.flatMap(({ undo }, at) => {
    const before = stack[at - 1];
    const here: Node = { kind: "undo", name: undo.undo };
    const reached = before === undefined ? from : ({ kind: "undo", name: before.undo.undo } as const);
    return [
      { from: reached, to: here, on, via: "", dashed: true },
      ...(undo.sink === undefined ? [] : [recordArrow(here, undo.sink, undo.project ?? "")]),
    ];
  });

const recordArrow = (from: Node, sink: string, via: string): Single => ({
  from,
  to: { kind: "endpoint", name: sink },
  on: "",
  via,
  dashed: true,
});

/** Arrows between the same two nodes are one, with all their outcomes. */
const mergeArrows = (arrows: readonly Single[]): readonly Arrow[] => {
  const alike = Map.groupBy(arrows, arrowKey);
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { on: _, ...shared } = first;
    return [{ ...shared, outcomes: [...new Set(same.map(({ on }) => on))].filter((on) => on !== "") }];
  });
};
