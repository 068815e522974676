/** A topology as plain JSON: what is printed, compared, hashed, stored and deployed. */
import { createHash } from "node:crypto";
import type { Pivot } from "./processor.ts";
import type { AvroJson } from "../avro/avro.ts";

/** What an edge does on its way: writes a record, maps the value with a pure function, or keeps the value under a name. */
export type Inline =
  | { readonly does: "also"; readonly sink: string; readonly project: string }
  | { readonly does: "map"; readonly map: string }
  | { readonly does: "keep"; readonly name: string };

/** One exit of a source or a step. `on` is an outcome's kind, or `*` where only one is possible. */
export type Edge = { readonly from: string; readonly on: string; readonly inline?: readonly Inline[] } & (
  | { readonly does: "step"; readonly step: string }
  | { readonly does: "to" | "toMany" | "fail"; readonly sink: string; readonly project: string }
  | { readonly does: "drop"; readonly reason: string }
);

/** A topic or store by name. */
export type Endpoint =
  | { readonly kind: "topic"; readonly partitions: number; readonly avro: AvroJson; readonly key?: string }
  | { readonly kind: "store" };

/** How an outcome's effect is undone, by name. */
export interface GraphUndo {
  readonly undo: string;
  /** Where a record of the undo is written; absent with `project` where none is. */
  readonly sink?: string;
  readonly project?: string;
}

/** A step by name. */
export interface GraphStep {
  readonly undo: Readonly<Record<string, GraphUndo | Pivot>>;
  /** The processor's name, where the step has another one. */
  readonly processor?: string;
  /** The step's own limits; absent where the worker's count. */
  readonly attempts?: number;
  readonly timeoutMs?: number;
  /** Present where poison is an outcome of the step. */
  readonly catchPoison?: boolean;
}

/** A topology as plain JSON. Key order means nothing; the order of `edges` is the order of declaration. */
export interface TopologyGraph {
  readonly name: string;
  readonly sources: readonly string[];
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  readonly steps: Readonly<Record<string, GraphStep>>;
  readonly edges: readonly Edge[];
}

/** Every topic and store that an edge writes to. */
export const sinkNamesOf = (edge: Edge): readonly string[] => [
  ...(edge.inline ?? []).flatMap((one) => (one.does === "also" ? [one.sink] : [])),
  ...("sink" in edge ? [edge.sink] : []),
];

/** What undoes a step, by its outcomes; not those that cannot be undone. */
export const undosOf = ({ undo }: Pick<GraphStep, "undo">): readonly GraphUndo[] =>
  Object.values(undo).flatMap((one) => ("undo" in one ? [one] : []));

/** Every topic and store that the undos of a step write to. */
export const undoSinksOf = (step: Pick<GraphStep, "undo">): readonly string[] =>
  undosOf(step).flatMap(({ sink }) => (sink === undefined ? [] : [sink]));

/** Every topic and store that is written to, by paths and by undos. */
export const writtenNamesOf = ({ edges, steps }: Pick<TopologyGraph, "edges" | "steps">): ReadonlySet<string> =>
  new Set([...edges.flatMap(sinkNamesOf), ...Object.values(steps).flatMap(undoSinksOf)]);

/** JSON with sorted keys and no spaces: equal for equal values. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${canonicalJson(v)}`).join(",")}}`;
};

/** SHA-256, hex, of a value's canonical JSON. */
export const canonicalHash = (value: unknown): string =>
  createHash("sha256").update(canonicalJson(value)).digest("hex");

/** A graph's hash, the topology's version. The order in which arms were declared means nothing, so edges are sorted. */
export const graphHash = (graph: TopologyGraph): string =>
  canonicalHash({ ...graph, edges: graph.edges.map(canonicalJson).sort() });
