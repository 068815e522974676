/** Small declared documents and observations for the tests of a deployment. */
import type { TopologyGraph } from "../../flow/graph.ts";
import { canonicalHash } from "../../flow/graph.ts";
import { type Desired, type DesiredTopic, desiredOf } from "../plan/desired.ts";
import type { Live, LiveTopic } from "../plan/live.ts";

/** A schema of one text field and, with `more`, of another one. */
export const anAvro = (name: string, more: readonly string[] = []) => ({
  type: "record",
  name,
  fields: ["id", ...more].map((field) => ({ name: field, type: "string" })),
});

/** A graph from `in` to `out` through the named steps. */
export const aGraph = (name: string, steps: readonly string[] = ["decide"], source = "in"): TopologyGraph => ({
  name,
  sources: [source],
  endpoints: { [source]: { kind: "store" }, out: { kind: "store" } },
  steps: Object.fromEntries(steps.map((step) => [step, { undo: {} }])),
  edges: [source, ...steps].map((from, at) => {
    const step = steps[at];
    return step === undefined
      ? { from, on: "*", does: "to" as const, sink: "out", project: "toOut" }
      : { from, on: "*", does: "step" as const, step };
  }),
});

/** A document of two topics, `in` and `out`, and one topology `shop`. */
export const aDesired = (
  of: {
    readonly graph?: TopologyGraph;
    readonly group?: string;
    readonly in?: Partial<DesiredTopic>;
    readonly more?: readonly string[];
  } = {},
): Desired => {
  const graph = of.graph ?? aGraph("shop");
  const desired = desiredOf({
    topologies: [{ graph, hash: canonicalHash(graph) }],
    topics: ["in", "out"].map((name) => ({
      name,
      partitions: 6,
      keyedBy: "id",
      schema: { avro: anAvro(name, name === "in" ? of.more : []) },
    })),
    groupOf: (name) => of.group ?? `test.${name}`,
  });
  const topic = desired.topics["in"];
  if (topic === undefined) throw new RangeError("no topic in");
  return { ...desired, topics: { ...desired.topics, in: { ...topic, ...of.in } } };
};

/** What a cluster looks like that has nothing of `desired`. */
export const emptyLive = (desired: Desired, over: Partial<Live> = {}): Live => ({
  clusterId: "cluster-1",
  deployment: 0,
  topics: Object.fromEntries(Object.keys(desired.topics).map((name) => [name, null])),
  subjects: Object.fromEntries(
    Object.keys(desired.subjects).map((name) => [
      name,
      { latest: null, registered: false, compatible: true, level: null },
    ]),
  ),
  members: {},
  pendingMigrations: [],
  ...over,
});

/** The topic exactly as declared. */
export const asDeclared = ({ partitions, settings }: DesiredTopic): LiveTopic => ({
  partitions,
  overrides: settings,
  effective: settings,
});

/** What a cluster looks like to which `desired` was applied. */
export const appliedLive = (desired: Desired, over: Partial<Live> = {}): Live => ({
  ...emptyLive(desired),
  deployment: 1,
  topics: Object.fromEntries(Object.entries(desired.topics).map(([name, topic]) => [name, asDeclared(topic)])),
  subjects: Object.fromEntries(
    Object.entries(desired.subjects).map(([name, { level }]) => [
      name,
      { latest: 1, registered: true, compatible: true, level },
    ]),
  ),
  ...over,
});
