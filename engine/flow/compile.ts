/** From a topology's parts to its graph: shared paths become one, and what two parts disagree about is found. */
import type { Pivot } from "./processor.ts";
import {
  type AnySink,
  type AnyStep,
  type AnyUndo,
  type EdgeParts,
  type InlineParts,
  type Parts,
  sinksOf,
  type Writing,
} from "./parts.ts";
import { canonicalJson, type Endpoint, type GraphStep, type GraphUndo, type TopologyGraph } from "./graph.ts";

/** A rule that the parts break before there is a graph to validate. */
export type Clash = string;

/** Steps and edges that several arms declared alike, once each; `clashes` names what is declared differently. */
export const mergeShared = (parts: Parts): { readonly parts: Parts; readonly clashes: readonly Clash[] } => {
  const steps = unique(parts.steps, ({ name }) => name, sameStep);
  const edges = unique(parts.edges, ({ edge }) => `${edge.from} [${edge.on}]`, sameEdge);
  // By identity: the graph cannot tell two topics with one name and schema but other keys apart.
  const endpoints = unique<AnySink>([...parts.sources, ...sinksOf(parts)], ({ name }) => name, Object.is);
  return {
    parts: { ...parts, steps: steps.once, edges: edges.once },
    clashes: [
      ...steps.clashing.map(
        (name) =>
          `step "${name}" is declared twice, with another processor, undo or limit; name one of them with { as: "..." }`,
      ),
      ...edges.clashing.map((exit) => `${exit} goes two ways; name one of the steps with { as: "..." }`),
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
  a.attempts === b.attempts &&
  a.timeoutMs === b.timeoutMs &&
  a.catchPoison === b.catchPoison &&
  [...Object.keys(a.undo), ...Object.keys(b.undo)].every((kind) => sameUndo(a.undo[kind], b.undo[kind]));

type UndoOrPivot = AnyStep["undo"][string] | undefined;

const sameUndo = (a: UndoOrPivot, b: UndoOrPivot): boolean => {
  if (a === undefined || b === undefined) return false;
  if ("pivot" in a || "pivot" in b) return "pivot" in a && "pivot" in b && a.pivot === b.pivot;
  return a.compensation === b.compensation && a.sink === b.sink && a.project === b.project;
};

const sameEdge = (a: EdgeParts, b: EdgeParts): boolean =>
  canonicalJson(a.edge) === canonicalJson(b.edge) &&
  sameWriting(a.writing, b.writing) &&
  (a.inline ?? []).every((part, at) => sameInline(part, b.inline?.[at]));

const sameWriting = (a: Writing | undefined, b: Writing | undefined): boolean =>
  a?.sink === b?.sink && a?.project === b?.project;

const sameInline = (a: InlineParts, b: InlineParts | undefined): boolean => {
  if (a.does === "also") return b?.does === "also" && sameWriting(a.writing, b.writing);
  if (a.does === "map") return b?.does === "map" && a.map === b.map;
  return b?.does === "keep" && a.name === b.name;
};

/** The parts as plain JSON. */
export const describeParts = (name: string, { sources, steps, edges }: Parts): TopologyGraph => ({
  name,
  sources: [...new Set(sources.map((source) => source.name))],
  endpoints: Object.fromEntries(
    [...sources, ...sinksOf({ steps, edges })].map((endpoint) => [endpoint.name, describeEndpoint(endpoint)]),
  ),
  steps: Object.fromEntries(steps.map((step) => [step.name, describeStep(step)])),
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

const describeStep = ({ name, processor, attempts, timeoutMs, catchPoison, undo }: AnyStep): GraphStep => ({
  undo: namesOf(undo),
  ...(processor.name === name ? {} : { processor: processor.name }),
  ...(attempts === undefined ? {} : { attempts }),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  ...(catchPoison ? { catchPoison } : {}),
});

const namesOf = (undo: AnyStep["undo"]): Readonly<Record<string, GraphUndo | Pivot>> =>
  Object.fromEntries(Object.entries(undo).map(([kind, u]) => [kind, "pivot" in u ? u : namesOfUndo(u)]));

const namesOfUndo = ({ compensation, sink, project }: AnyUndo): GraphUndo => ({
  undo: compensation.name,
  ...(sink === undefined || project === undefined ? {} : { sink: sink.name, project: project.name }),
});
