/** The rules of a graph that types cannot see: names, reachability, where a failure may still go back. */
import { type Edge, sinkNamesOf, undoSinksOf, type TopologyGraph } from "./graph.ts";
import { effectOf } from "./held.ts";

/** A topology that breaks rules; the message names them all. */
export class InvalidTopology extends Error {
  readonly code = "INVALID_TOPOLOGY";
  readonly broken: readonly string[];
  constructor(name: string, broken: readonly string[]) {
    super(`topology "${name}" breaks ${broken.length} rule(s):\n${broken.map((rule) => `- ${rule}`).join("\n")}`);
    this.broken = broken;
  }
}

/** Every rule a graph breaks, in words; empty where it is sound. */
export const validateGraph = (graph: TopologyGraph): readonly string[] => [
  ...namesAreStable(graph),
  ...projectionsAreNamed(graph),
  ...limitsAreCounts(graph),
  ...caughtPoisonHasAnArm(graph),
  ...stepsAreReached(graph),
  ...pathsEnd(graph),
  ...topicsHaveNoCycle(graph),
  ...failuresCanGoBack(graph),
];

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const topicName = /^[a-zA-Z0-9._-]{1,200}$/;

const namesAreStable = ({ name, steps, endpoints }: TopologyGraph): readonly string[] => [
  ...[name, ...Object.keys(steps)].filter((n) => !kebab.test(n)).map((n) => `"${n}" is not a kebab-case name`),
  ...Object.keys(endpoints)
    .filter((n) => !topicName.test(n))
    .map((n) => `"${n}" is not a topic or store name (1 to 200 of A-Z a-z 0-9 . _ -)`),
  ...Object.keys(endpoints)
    .filter((n) => n in steps)
    .map((n) => `"${n}" names both a step and a topic or store`),
];

// A projection is known by its name in diffs and drawings; an inline arrow has none that lasts.
const projectionsAreNamed = ({ edges, steps }: TopologyGraph): readonly string[] => [
  ...edges.flatMap((edge) =>
    [edge, ...(edge.inline ?? [])].flatMap((one) => {
      if ("project" in one && one.project === "") return [`the projection of ${exitOf(edge)} has no name`];
      return "map" in one && one.map === "" ? [`a map of ${exitOf(edge)} has no name`] : [];
    }),
  ),
  ...Object.entries(steps).flatMap(([step, { undo }]) =>
    Object.entries(undo).flatMap(([kind, u]) =>
      "project" in u && u.project === "" ? [`the projection of the undo of ${step} [${kind}] has no name`] : [],
    ),
  ),
];

const limitsAreCounts = ({ steps }: TopologyGraph): readonly string[] =>
  Object.entries(steps).flatMap(([step, { attempts = 1, timeoutMs = 1 }]) =>
    Object.entries({ attempts, timeoutMs })
      .filter(([, limit]) => !Number.isSafeInteger(limit) || limit < 1)
      .map(([name, limit]) => `${name} of step "${step}" is ${limit}, expected a whole number of at least 1`),
  );

// The types demand the arm, unless the options come from a variable that does not say whether poison is caught.
const caughtPoisonHasAnArm = ({ steps, edges }: TopologyGraph): readonly string[] =>
  Object.entries(steps).flatMap(([step, { catchPoison = false }]) =>
    !catchPoison || edges.some(({ from, on }) => from === step && on === "poison")
      ? []
      : [`step "${step}" catches poison and has no arm for it; write { catchPoison: true } where it is placed`],
  );

const stepsAreReached = ({ steps, edges, sources }: TopologyGraph): readonly string[] => {
  const reached = new Set<string>();
  const visit = (node: string): void => {
    if (reached.has(node)) return;
    reached.add(node);
    for (const edge of edges) if (edge.from === node && edge.does === "step") visit(edge.step);
  };
  sources.forEach(visit);
  return Object.keys(steps)
    .filter((step) => !reached.has(step))
    .map((step) => `step "${step}" is not reached from any source`);
};

/** Each node is looked at once, so the cost is that of the graph, not of its paths. */
const pathsEnd = (graph: TopologyGraph): readonly string[] => {
  const broken: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) broken.push(`the path ${[...path, node].join(" > ")} never ends`);
    if (path.includes(node) || done.has(node)) return;
    const next = graph.edges.flatMap((edge) => (edge.from === node && edge.does === "step" ? [edge.step] : []));
    for (const step of new Set(next)) visit(step, [...path, node]);
    done.add(node);
  };
  for (const source of graph.sources) visit(source, []);
  return broken;
};

/** Flows may be joined by topics, but no record may cause one that comes back to where it began. */
const topicsHaveNoCycle = (graph: TopologyGraph): readonly string[] => {
  const broken: string[] = [];
  const done = new Set<string>();
  const visit = (source: string, path: readonly string[]): void => {
    const before = path.indexOf(source);
    const cycle = [...path.slice(before), source];
    if (before >= 0) broken.push(cycle.length === 2 ? `it writes to its own source "${source}"` : cycleText(cycle));
    if (before >= 0 || done.has(source)) return;
    for (const sink of writtenFrom(graph, source)) if (graph.sources.includes(sink)) visit(sink, [...path, source]);
    done.add(source);
  };
  for (const source of graph.sources) visit(source, []);
  return broken;
};

const cycleText = (topics: readonly string[]): string => `the topics ${topics.join(" > ")} are a cycle`;

/** Every sink that a record of a source may be written to, by edges and by undos. */
const writtenFrom = ({ edges, steps }: TopologyGraph, source: string): ReadonlySet<string> => {
  const sinks = new Set<string>();
  const reached = new Set<string>();
  const visit = (node: string): void => {
    if (reached.has(node)) return;
    reached.add(node);
    const step = steps[node];
    for (const sink of step === undefined ? [] : undoSinksOf(step)) sinks.add(sink);
    for (const edge of edges) {
      if (edge.from !== node) continue;
      for (const sink of sinkNamesOf(edge)) sinks.add(sink);
      if (edge.does === "step") visit(edge.step);
    }
  };
  visit(source);
  return sinks;
};

/** No `fail` may be reached once a pivot has been passed: past it a flow may only go forward. */
const failuresCanGoBack = (graph: TopologyGraph): readonly string[] => {
  const broken = new Set<string>();
  const visited = new Set<string>();
  const visit = (node: string, passed: string | undefined): void => {
    const state = `${node} ${passed}`;
    if (visited.has(state)) return;
    visited.add(state);
    for (const edge of graph.edges.filter(({ from }) => from === node)) {
      const how = effectOf(graph, edge)?.[1];
      const pivoted = how !== undefined && "pivot" in how ? exitOf(edge) : passed;
      if (edge.does === "fail" && pivoted !== undefined) broken.add(`${exitOf(edge)} fails after the pivot ${pivoted}`);
      if (edge.does === "step") visit(edge.step, pivoted);
    }
  };
  for (const source of graph.sources) visit(source, undefined);
  return [...broken];
};

const exitOf = ({ from, on }: Edge): string => `${from} [${on}]`;
