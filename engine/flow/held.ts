/** Which undoable effects a path may hold as it takes each edge of a graph: what `fail` undoes, what `to` and `drop` keep. */
import type { Pivot } from "./processor.ts";
import type { Edge, GraphUndo, TopologyGraph } from "./graph.ts";

/** An effect that an undo is declared for. */
export interface HeldEffect {
  readonly step: string;
  readonly outcome: string;
  readonly undo: GraphUndo;
}
/** Effects, last first. */
export type HeldStack = readonly HeldEffect[];

/** What is declared for the effect of the outcome that an edge leaves by; undefined where it leaves none. */
export const effectOf = (
  { steps }: TopologyGraph,
  { from, on }: Edge,
): readonly [outcome: string, how: GraphUndo | Pivot] | undefined => {
  const declared = Object.entries(steps[from]?.undo ?? {});
  // Under `*` a step has a single outcome, so whatever is declared is declared for that one.
  return on === "*" ? declared[0] : declared.find(([outcome]) => outcome === on);
};

/** Every stack an edge may be taken with, in the order of discovery; none where no source leads to it. Ends on cycles. */
export const heldStacks = (graph: TopologyGraph): ReadonlyMap<Edge, readonly HeldStack[]> => {
  const stacks = new Map<Edge, Map<string, HeldStack>>();
  const visit = (node: string, below: HeldStack): void => {
    for (const edge of graph.edges.filter(({ from }) => from === node)) {
      const held = holdMore(graph, edge, below);
      const name = held.map(({ step, outcome }) => `${step} ${outcome}`).join();
      const known = stacks.get(edge) ?? new Map<string, HeldStack>();
      if (known.has(name)) continue;
      stacks.set(edge, known.set(name, held));
      if (edge.does === "step" && !held.some(({ step }) => step === edge.step)) visit(edge.step, held);
    }
  };
  for (const source of graph.sources) visit(source, []);
  return new Map([...stacks].map(([edge, known]) => [edge, [...known.values()]]));
};

const holdMore = (graph: TopologyGraph, edge: Edge, below: HeldStack): HeldStack => {
  const effect = effectOf(graph, edge);
  if (effect === undefined || "pivot" in effect[1]) return below;
  return [{ step: edge.from, outcome: effect[0], undo: effect[1] }, ...below];
};
