/** How many records a second go along each arrow of a topology: from the counters of its workers. Pure. */
import { type Arrow, arrowKey, arrowsOf, type DrawnOutbox } from "../../flow/arrows.ts";
import type { TopologyGraph } from "../../flow/graph.ts";
import type { Rate } from "./rates.ts";

/** Records a second by {@link arrowKey}. */
export type FlowRates = Readonly<Record<string, number>>;

/**
 * What is counted is outcomes of steps, and records of rounds at a source; so several arrows of one outcome have one rate, and what an
 * undo writes has that of the undo.
 */
export const flowRates = (graph: TopologyGraph, outboxes: readonly DrawnOutbox[], rate: Rate): FlowRates =>
  Object.fromEntries(arrowsOf(graph, { outboxes }).map((arrow) => [arrowKey(arrow), rateOf(graph, arrow, rate)]));

const rateOf = (graph: TopologyGraph, { from, to, outcomes, dashed }: Arrow, rate: Rate): number => {
  const topology = graph.name;
  const undone = (undo: string): number =>
    stepsUndoneBy(graph, undo).reduce((sum, step) => sum + rate("sluice_compensations_total", { topology, step }), 0);
  if (from.kind === "outbox") return rate("sluice_outbox_published_total", { outbox: from.name });
  if (dashed) return undone(to.kind === "undo" ? to.name : from.name);
  if (from.kind === "endpoint") return rate("sluice_round_records_sum", { topology, topic: from.name });
  const step = { topology, step: from.name };
  // An outcome that is the only one possible has no name in the graph.
  if (outcomes.length === 0) return rate("sluice_outcomes_total", step);
  return outcomes.reduce((sum, outcome) => sum + rate("sluice_outcomes_total", { ...step, outcome }), 0);
};

const stepsUndoneBy = ({ steps }: TopologyGraph, undo: string): readonly string[] =>
  Object.entries(steps).flatMap(([name, own]) =>
    Object.values(own.undo).some((one) => "undo" in one && one.undo === undo) ? [name] : [],
  );
