/** What the proof of a deployment deploys: a small document for each name, so that every attempt has all steps to do. */
import type { TopologyGraph } from "../../../engine/flow/graph.ts";
import { canonicalHash } from "../../../engine/flow/graph.ts";
import { type Desired, type DesiredTopic, desiredOf } from "../../../engine/deploy/plan/desired.ts";

/** How a document differs from the plain one of its name. */
export interface Variant {
  readonly input?: Partial<DesiredTopic>;
  readonly group?: string;
  readonly source?: "in" | "out";
  readonly fields?: readonly { readonly name: string; readonly type: string; readonly default?: number }[];
}

/** A document of two topics, their subjects, and a topology called `name`. */
export const proofDocument = (name: string, { input, group, source = "in", fields = [] }: Variant = {}): Desired => {
  const [read, other] = [`${name}-${source}`, source === "in" ? `${name}-out` : `${name}-in`];
  const graph: TopologyGraph = {
    name,
    sources: [read],
    // A retry topic has as many partitions as the source that the graph knows.
    endpoints: { [read]: { kind: "topic", partitions: 3, avro: "string" }, [other]: { kind: "store" } },
    steps: {},
    edges: [{ from: read, on: "*", does: "to", sink: other, project: "toOther" }],
  };
  const desired = desiredOf({
    topologies: [{ graph, hash: canonicalHash(graph) }],
    topics: ["in", "out"].map((end) => ({
      name: `${name}-${end}`,
      partitions: 3,
      keyedBy: "id",
      schema: {
        avro: {
          type: "record",
          name: `proof.${name.replaceAll("-", "_")}.${end === "in" ? "In" : "Out"}`,
          fields: [{ name: "id", type: "string" }, ...(end === "in" ? fields : [])],
        },
      },
    })),
    groupOf: () => group ?? `proof.${name}`,
  });
  const topic = desired.topics[`${name}-in`];
  if (topic === undefined) throw new RangeError(`no topic ${name}-in`);
  return { ...desired, topics: { ...desired.topics, [`${name}-in`]: { ...topic, ...input } } };
};
