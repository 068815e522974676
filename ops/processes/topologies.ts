/** Every topology there is, by name: what `worker --topology` runs, `topology graph` draws and `topology apply` prepares. */
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { externalData } from "../../topology/external-data.ts";
import type { TopologyGraph } from "../../engine/flow/graph.ts";
import type { Parts } from "../../engine/flow/parts.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import type { ProcessContext, Running } from "../../engine/app/process.ts";

/** A topology and the worker that runs it. */
export interface Declared {
  readonly topology: { readonly graph: TopologyGraph; readonly parts: Parts };
  /** Loads the worker: drawing a topology needs no driver. */
  readonly worker: () => Promise<(context: ProcessContext) => Promise<Running>>;
}

/** By the name of its graph. */
export const topologies = {
  "coupon-issuing": {
    topology: couponIssuing,
    worker: async () => (await import("./coupon-worker.ts")).startCouponWorker,
  },
  "transaction-history": {
    topology: transactionHistory,
    worker: async () => (await import("./history-worker.ts")).startHistoryWorker,
  },
  "external-data": {
    topology: externalData,
    worker: async () => (await import("./external-worker.ts")).startExternalWorker,
  },
} as const satisfies Readonly<Record<string, Declared>>;

/** Names a topology. */
export type TopologyName = keyof typeof topologies;

// Object.keys answers strings; these are the keys written above.
/** The names, the first of which is meant where none is given. */
export const topologyNames = Object.keys(topologies) as readonly TopologyName[];
