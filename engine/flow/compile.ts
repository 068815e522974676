/** From a topology's parts to its graph: shared paths become one, and what two parts disagree about is found. */
import type { Pivot } from "./processor.ts";
import { type AnySink, type AnyStep, type AnyUndo, type BoundEdge, type Parts, sinksOf } from "./parts.ts";
import { canonicalJson, type Endpoint, type GraphUndo, type TopologyGraph } from "./graph.ts";

/** A rule that the parts break before there is a graph to validate. */
export type Clash = string;

/** Steps and edges that several arms declared alike, once each; `clashes` names what is declared differently. */
export const mergeShared = (parts: Parts): { readonly parts: Parts; readonly clashes: readonly Clash[] } => {
  const steps = unique(parts.steps, ({ processor }) => processor.name, sameStep);
  const edges = unique(parts.edges, ({ edge }) => `${edge.from} [${edge.on}]`, sameEdge);
  // By identity: the graph cannot tell two topics with one name and schema but other keys apart.
  const endpoints = unique<AnySink>([...parts.sources, ...sinksOf(parts)], ({ name }) => name, Object.is);
  return {
    parts: { ...parts, steps: steps.once, edges: edges.once },
    clashes: [
      ...steps.clashing.map((name) => `step "${name}" is declared twice, with another processor or undo`),
      ...edges.clashing.map((way) => `${way} goes two ways; give one of the steps another name`),
      ...endpoints.clashing.map((name) => `"${name}" names two topics or stores`),
    ],
  };
};

interface Unique<T> {
  readonly once: readonly T[];
  readonly clashing: readonly string[];
}
/** The first of each name; the names under which there is another one. */
const unique = <T>(all: readonly T[], nameOf: (one: T) => string, same: (a: T, b: T) => boolean): Unique<T> => {
  const once = new Map<string, T>();
  const clashing = new Set<string>();
  for (const one of all) {
    const name = nameOf(one);
    const first = once.get(name);
    if (first === undefined) once.set(name, one);
    else if (!same(first, one)) clashing.add(name);
  }
  return { once: [...once.values()], clashing: [...clashing] };
};

const sameStep = (a: AnyStep, b: AnyStep): boolean =>
  a.processor === b.processor &&
  [...Object.keys(a.undo), ...Object.keys(b.undo)].every((kind) => sameUndo(a.undo[kind], b.undo[kind]));

type UndoOrPivot = AnyStep["undo"][string] | undefined;

const sameUndo = (a: UndoOrPivot, b: UndoOrPivot): boolean => {
  if (a === undefined || b === undefined) return false;
  if ("pivot" in a || "pivot" in b) return "pivot" in a && "pivot" in b && a.pivot === b.pivot;
  return a.compensation === b.compensation && a.sink === b.sink && a.project === b.project;
};

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
    : {
        kind: "topic",
        partitions: endpoint.partitions,
        avro: endpoint.schema.avro,
        ...(endpoint.keyedBy === undefined ? {} : { key: endpoint.keyedBy }),
      };

const namesOf = (undo: AnyStep["undo"]): Readonly<Record<string, GraphUndo | Pivot>> =>
  Object.fromEntries(Object.entries(undo).map(([kind, u]) => [kind, "pivot" in u ? u : namesOfUndo(u)]));

const namesOfUndo = ({ compensation, sink, project }: AnyUndo): GraphUndo => ({
  undo: compensation.name,
  sink: sink.name,
  project: project.name,
});
