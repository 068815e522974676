/** From a topology's parts to its graph: shared paths become one, and what two parts disagree about is found. */
import type { Pivot } from "../processors/processor.ts";
import { type AnySink, type AnyStep, type AnyUndo, type BoundEdge, type Parts, sinksOf } from "./parts.ts";
import { canonicalJson, type Endpoint, type GraphUndo, type TopologyGraph } from "./graph.ts";

/** A rule that the parts break before there is a graph to validate. */
export type Clash = string;

/** Steps and edges that several arms declared alike, once each; `clashes` names those declared differently. */
export const mergeShared = (parts: Parts): { readonly parts: Parts; readonly clashes: readonly Clash[] } => {
  const clashes: Clash[] = [];
  const steps = new Map<string, AnyStep>();
  for (const step of parts.steps) {
    const { name } = step.processor;
    const before = steps.get(name);
    if (before === undefined) steps.set(name, step);
    else if (!sameStep(before, step)) clashes.push(`step "${name}" is declared twice, with another processor or undo`);
  }
  const edges = new Map<string, BoundEdge>();
  for (const bound of parts.edges) {
    const way = `${bound.edge.from} [${bound.edge.on}]`;
    const before = edges.get(way);
    if (before === undefined) edges.set(way, bound);
    else if (!sameEdge(before, bound)) clashes.push(`${way} goes two ways; give one of the steps another name`);
  }
  return { parts: { ...parts, steps: [...steps.values()], edges: [...edges.values()] }, clashes };
};

const sameStep = (a: AnyStep, b: AnyStep): boolean =>
  a.processor === b.processor && canonicalJson(namesOf(a.undo)) === canonicalJson(namesOf(b.undo));

const sameEdge = (a: BoundEdge, b: BoundEdge): boolean =>
  canonicalJson(a.edge) === canonicalJson(b.edge) && a.sink === b.sink && a.project === b.project;

/** The parts as plain JSON. */
export const describeParts = (name: string, { sources, steps, edges }: Parts): TopologyGraph => ({
  name,
  sources: [...new Set(sources.map((source) => source.name))],
  endpoints: Object.fromEntries(
    [...sources, ...sinksOf({ steps, edges })].map((endpoint) => [endpoint.name, describeEndpoint(endpoint)]),
  ),
  steps: Object.fromEntries(steps.map((step) => [step.processor.name, { undo: namesOf(step.undo) }])),
  edges: edges.map(({ edge }) => edge),
});

const describeEndpoint = (endpoint: AnySink): Endpoint =>
  endpoint.kind === "store"
    ? { kind: "store" }
    : { kind: "topic", partitions: endpoint.partitions, avro: endpoint.schema.avro };

const namesOf = (undo: AnyStep["undo"]): Readonly<Record<string, GraphUndo | Pivot>> =>
  Object.fromEntries(Object.entries(undo).map(([kind, u]) => [kind, "pivot" in u ? u : namesOfUndo(u)]));

const namesOfUndo = ({ compensation, sink, project }: AnyUndo): GraphUndo => ({
  undo: compensation.name,
  sink: sink.name,
  project: project.name,
});
