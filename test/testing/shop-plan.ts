/** A plan that a test makes up: a topic that is new, a setting that drifted, and a graph with an outcome more than what is deployed. */
import type { PlanDocument } from "../../engine/console/documents.ts";
import { drawStill } from "../../engine/console/live/drawing.ts";
import { app } from "../../sluice.config.ts";

/** The plan of the shop. */
export const shopPlan = (): PlanDocument => {
  const outboxes = (app.outboxes ?? []).map(({ drawn }) => drawn);
  return {
    clusterId: "c2x9kQzJT4mD",
    recorded: true,
    deployment: 41,
    changes: [
      {
        ...{ kind: "new", area: "topic", name: "coupon-compensated", text: "6 partitions, 3 replicas" },
        ...{ risk: null, recordsRemoved: null },
      },
      {
        ...{ kind: "drift", area: "topic", name: "coupon-issue", text: "retention.ms 604800000 -> 2592000000" },
        ...{ risk: null, recordsRemoved: null },
      },
      {
        ...{ kind: "change", area: "topic", name: "payment-completed", text: "retention.ms 30 d -> 7 d" },
        ...{ risk: "records are removed", recordsRemoved: "12044" },
      },
    ],
    refusals: [],
    foreign: [{ topic: "coupon-issued", setting: "max.message.bytes", value: "2097152" }],
    graphs: app.topologies.map(({ topology: { graph } }) => {
      const isChanged = graph.name === "coupon-issuing";
      const before = {
        ...graph,
        edges: graph.edges.filter(({ on }) => on !== "otherPolicy" && on !== "refusedBefore"),
      };
      return {
        topology: graph.name,
        difference: isChanged ? "2 edges" : null,
        declared: drawStill(graph, outboxes),
        deployed: isChanged ? drawStill(before, outboxes) : null,
      };
    }),
    subjects: [
      {
        ...{ subject: "coupon-issue-value", versions: [1, 2], level: "FULL_TRANSITIVE", declaredAs: 2 },
        ...{ readers: ["coupon-issuing"], writers: [] },
      },
      {
        ...{ subject: "coupon-issued-value", versions: [1], level: "FULL_TRANSITIVE", declaredAs: null },
        ...{ readers: [], writers: ["coupon-issuing"] },
      },
    ],
    next: ["sluice topology apply --confirm payment-completed"],
  };
};
