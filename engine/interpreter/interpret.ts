/**
 * Takes a round through a topology, vectorised: the round goes through a step together, is split by outcome, and each
 * part goes on. Knows nothing of retries, logs or clocks beyond what `StepEnvironment` gives it, so that the driver, the
 * simulator and the worker share it.
 */
import { call } from "./call.ts";
import { type AnyStep, type EdgeParts, type InlineParts, type Parts, sinksOf } from "../flow/parts.ts";
import { codeOf, dispositionOf } from "../errors.ts";
import type { Outcome, Poisoned } from "../flow/processor.ts";
import { AllSucceeded, type Interpreter, type Result, type StepEnvironment } from "./round.ts";
import { together } from "./together.ts";
import { giveUp, unwind } from "./unwind.ts";
import {
  applyOutcome,
  failAll,
  type RecordState,
  type Settled,
  settle,
  toPaths,
  undeclaredOutcome,
} from "./record-state.ts";
import { projectAll, write } from "./write.ts";

export type { StepEnvironment, Call, Emission, Ending, Entrant, Interpreter, Path, Result, Turn } from "./round.ts";

/** Makes an interpreter of a topology's parts. */
export const createInterpreter = (parts: Parts): Interpreter => {
  const plan = planOf(parts);
  return {
    isAhead: (source) => {
      const first = plan.edges.get(source)?.get("*")?.edge;
      return first?.does === "step" && plan.steps.get(first.step)?.processor.ahead === true && takesRounds(parts);
    },
    round: async (source, entrants, environment) => {
      await follow({ plan, environment }, { from: source, on: "*" }, entrants);
      return toPaths(entrants);
    },
  };
};

/**
 * Whether everything that is called takes a round at once. Where something takes records one by one, those of a round that waits for
 * its turn would fill the bound of calls side by side, and the round before it would wait for them.
 */
const takesRounds = (parts: Parts): boolean =>
  parts.steps.every(
    ({ processor, undo }) =>
      processor.runMany !== undefined &&
      Object.values(undo).every((one) => "pivot" in one || one.compensation.runMany !== undefined),
  ) && sinksOf(parts).every((sink) => sink.kind === "topic" || sink.writeMany !== undefined);

interface Plan {
  readonly steps: ReadonlyMap<string, AnyStep>;
  readonly edges: ReadonlyMap<string, ReadonlyMap<string, EdgeParts>>;
}
interface Interpretation {
  readonly plan: Plan;
  readonly environment: StepEnvironment;
}

const planOf = ({ steps, edges }: Parts): Plan => {
  const byNode = new Map<string, Map<string, EdgeParts>>();
  for (const parts of edges) {
    const { from, on } = parts.edge;
    byNode.set(from, (byNode.get(from) ?? new Map()).set(on, parts));
  }
  return { steps: new Map(steps.map((step) => [step.name, step])), edges: byNode };
};

/** Takes records along the edge that leaves a node on an outcome. */
const follow = async (
  interpretation: Interpretation,
  { from, on }: { readonly from: string; readonly on: string },
  arriving: readonly RecordState[],
): Promise<void> => {
  if (arriving.length === 0) return;
  const { plan, environment } = interpretation;
  // A step with a single outcome has its one edge under `*`.
  const ofNode = plan.edges.get(from);
  const parts = ofNode?.get(on) ?? ofNode?.get("*");
  if (parts === undefined) return failAll(arriving, from, undeclaredOutcome(from, on));
  const { edge, inline, writing } = parts;
  const records = inline === undefined ? arriving : await applyInline(environment, inline, arriving);
  if (records.length === 0) return;
  switch (edge.does) {
    case "step":
      return runStep(interpretation, { name: edge.step, isFirst: !plan.steps.has(from) }, records);
    case "drop":
      environment.observe?.({ kind: "dropped", reason: edge.reason }, records);
      return endAll(records, "drop");
    case "fail":
      return endAll(await write(environment, writingOf(writing, from), await unwind(environment, on, records)), "fail");
    case "to":
    case "toMany":
      return endAll(await write(environment, writingOf(writing, from), records), "to");
  }
};

const writingOf = (writing: EdgeParts["writing"], from: string) => {
  if (writing === undefined) throw new Error(`the edge from ${from} has no sink`);
  return writing;
};

const endAll = (records: readonly RecordState[], by: "to" | "fail" | "drop"): void => {
  const ending = { kind: "ended", by } as const;
  for (const record of records) record.ending = ending;
};

/** What an edge does on its way, in order; answers the records that go on. */
const applyInline = async (
  environment: StepEnvironment,
  inline: readonly InlineParts[],
  records: readonly RecordState[],
): Promise<readonly RecordState[]> => {
  let going = records;
  for (const part of inline) {
    if (going.length === 0) break;
    if (part.does === "also") going = await write(environment, part.writing, going);
    else if (part.does === "map") going = await applyMap(environment, part.map, going);
    else for (const record of going) record.value = record.kept = { ...record.kept, [part.name]: record.value };
  }
  return going;
};

const applyMap = async (
  environment: StepEnvironment,
  map: Extract<InlineParts, { does: "map" }>["map"],
  records: readonly RecordState[],
): Promise<readonly RecordState[]> => {
  const mapped = await projectAll(environment, `map ${map.name}`, map, records);
  let at = 0;
  for (const record of mapped.records) record.value = mapped.values[at++];
  return mapped.records;
};

const runStep = async (
  interpretation: Interpretation,
  { name, isFirst }: { readonly name: string; readonly isFirst: boolean },
  records: readonly RecordState[],
): Promise<void> => {
  const { plan, environment } = interpretation;
  const step = plan.steps.get(name);
  if (step === undefined) throw new Error(`no step "${name}" in the plan`);
  const { processor, attempts, timeoutMs, catchPoison } = step;
  const { run, runMany, ahead = false } = processor;
  const callee = { name, run, runMany, attempts, timeoutMs, ahead: ahead && isFirst };
  const results = await call(environment, callee, records);
  const caught = catchPoison && !(results instanceof AllSucceeded) ? results.map(poisonAsOutcome(records)) : results;
  const settled = settle(records, name, caught);
  await together([
    giveUp(environment, name, settled.failed),
    ...[...applyOutcomes(step, settled)].map(([outcome, part]) => {
      environment.observe?.({ kind: "outcome", step: name, outcome }, part);
      return follow(interpretation, { from: name, on: outcome }, part);
    }),
  ]);
};

/** A step decided; answers the records by the kind of their outcome, each kind in the order of its first. */
const applyOutcomes = (
  step: AnyStep,
  { succeeded, values }: Settled<Outcome>,
): ReadonlyMap<string, readonly RecordState[]> => {
  const parts = new Map<string, RecordState[]>();
  let at = 0;
  for (const record of succeeded) {
    const outcome = values[at++] as Outcome; // There is one for each.
    applyOutcome(record, step, outcome);
    const part = parts.get(outcome.kind);
    if (part === undefined) parts.set(outcome.kind, [record]);
    else part.push(record);
  }
  return parts;
};

const poisonAsOutcome =
  (records: readonly RecordState[]) =>
  (result: Result<Outcome>, at: number): Result<Outcome> => {
    if (result.ok || dispositionOf(result.error) !== "poison") return result;
    const { error } = result;
    const message = error instanceof Error ? error.message : String(error);
    const value: Poisoned<unknown> = { kind: "poison", code: codeOf(error), message, input: records[at]?.value };
    return { ok: true, value };
  };
