/** How two graphs of one topology differ, edge by edge: what a reader of a plan is shown. Pure. */
import { canonicalJson, type TopologyGraph } from "../../flow/graph.ts";

/** The difference between two graphs. */
export interface GraphChanges {
  readonly addedSteps: readonly string[];
  readonly removedSteps: readonly string[];
  /** Edges that are in one graph only; an edge that goes elsewhere counts in both. */
  readonly addedEdges: readonly string[];
  readonly removedEdges: readonly string[];
  /** Whether records come from other topics. */
  readonly otherSources: boolean;
}

/** Compares `next` with `before`. The order of edges means nothing. */
export const compareGraphs = (before: TopologyGraph, next: TopologyGraph): GraphChanges => {
  const [wereEdges, areEdges] = [before, next].map(({ edges }) => new Set(edges.map(canonicalJson)));
  const [wereSteps, areSteps] = [before, next].map(({ steps }) => new Set(Object.keys(steps)));
  return {
    addedSteps: without(areSteps, wereSteps),
    removedSteps: without(wereSteps, areSteps),
    addedEdges: without(areEdges, wereEdges),
    removedEdges: without(wereEdges, areEdges),
    otherSources: canonicalJson(before.sources.toSorted()) !== canonicalJson(next.sources.toSorted()),
  };
};

const without = (all: ReadonlySet<string> = new Set(), those: ReadonlySet<string> = new Set()): readonly string[] =>
  [...all].filter((one) => !those.has(one)).sort();

/** One line on a difference: `+ check-blocklist, - record-refusal; 2 edges`. */
export const graphChangesText = (changes: GraphChanges): string => {
  const steps = [...changes.addedSteps.map((name) => `+ ${name}`), ...changes.removedSteps.map((name) => `- ${name}`)];
  const edges = Math.max(changes.addedEdges.length, changes.removedEdges.length);
  const parts = [
    ...(steps.length === 0 ? [] : [steps.join(", ")]),
    ...(edges === 0 ? [] : [`${edges} edge${edges === 1 ? "" : "s"}`]),
    ...(changes.otherSources ? ["other sources"] : []),
  ];
  return parts.length === 0 ? "records, keys or undos differ" : parts.join("; ");
};
