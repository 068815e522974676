/** A graph that has everything: stores, drops, pivots, several undos, paths that meet. For tests of what is drawn. */
import type { TopologyGraph } from "../graph.ts";

const topic = { kind: "topic", partitions: 1, avro: "string" } as const;

/**
 * Takes, then pays; both can be undone. `check` is reached with a unit held and without one. Paying in cash cannot be
 * undone.
 */
export const graphOfEverything: TopologyGraph = {
  name: "everything",
  sources: ["in"],
  endpoints: { in: topic, out: topic, undone: topic, refunds: topic, archive: { kind: "store" } },
  steps: {
    take: { undo: { took: { undo: "put-back", sink: "undone", project: "toUndone" } } },
    pay: {
      undo: { paid: { undo: "refund", sink: "refunds", project: "toRefund" }, cash: { pivot: "cash is gone" } },
    },
    check: { undo: {} },
  },
  edges: [
    { from: "in", on: "*", does: "step", step: "take" },
    { from: "take", on: "full", does: "step", step: "check" },
    { from: "take", on: "gone", does: "drop", reason: 'nobody "asked" #1 <b>' },
    { from: "take", on: "took", does: "step", step: "pay" },
    { from: "pay", on: "paid", does: "step", step: "check" },
    { from: "pay", on: "free", does: "step", step: "check" },
    { from: "pay", on: "cash", does: "to", sink: "archive", project: "toCash" },
    { from: "check", on: "fine", does: "to", sink: "out", project: "toFine" },
    { from: "check", on: "wrong", does: "fail", sink: "out", project: "toWrong" },
    { from: "check", on: "mad", does: "fail", sink: "out", project: "toWrong" },
  ],
};
