/**
 * Takes a round through a topology, vectorised: the round goes through a step together, is split by outcome, and each
 * part goes on. Knows nothing of retries, logs or clocks beyond what `StepEnvironment` gives it, so that the driver, the
 * simulator and the worker share it.
 */
import { call, voids } from "./call.ts";
import type { AnySink, AnyStep, AnyTopic, BoundEdge, Parts } from "../flow/parts.ts";
import type { StepEnvironment, Interpreter } from "./round.ts";
import { together } from "./together.ts";
import { unwind } from "./unwind.ts";
import {
  arrive,
  carry,
  failAll,
  type Settled,
  setOut,
  settle,
  sortFailures,
  undeclaredOutcome,
  type Walk,
} from "./walk.ts";

export type { StepEnvironment, Call, Emission, Ending, Entrant, Interpreter, Path, Result, Turn } from "./round.ts";

/** Makes an interpreter of a topology's parts. */
export const createInterpreter = (parts: Parts): Interpreter => {
  const plan = planOf(parts);
  return {
    round: async (source, entrants, around) => {
      const walks = entrants.map(setOut);
      await go({ plan, around }, { from: source, on: "*" }, walks);
      return walks.map(arrive);
    },
  };
};

interface Plan {
  readonly steps: ReadonlyMap<string, AnyStep>;
  readonly edges: ReadonlyMap<string, ReadonlyMap<string, BoundEdge>>;
}
interface Scene {
  readonly plan: Plan;
  readonly around: StepEnvironment;
}
interface Way {
  readonly from: string;
  readonly on: string;
}

const planOf = ({ steps, edges }: Parts): Plan => {
  const byNode = new Map<string, Map<string, BoundEdge>>();
  for (const bound of edges) {
    const { from, on } = bound.edge;
    byNode.set(from, (byNode.get(from) ?? new Map()).set(on, bound));
  }
  return { steps: new Map(steps.map((step) => [step.processor.name, step])), edges: byNode };
};

const go = async (scene: Scene, { from, on }: Way, walks: readonly Walk[]): Promise<void> => {
  if (walks.length === 0) return;
  // A step with a single outcome has its one edge under `*`.
  const ways = scene.plan.edges.get(from);
  const bound = ways?.get(on) ?? ways?.get("*");
  if (bound === undefined) return failAll(walks, from, undeclaredOutcome(from, on));
  const { edge } = bound;
  switch (edge.does) {
    case "step":
      return step(scene, edge.step, walks);
    case "to":
      return write(scene.around, bound, walks);
    case "fail":
      return write(scene.around, bound, await unwind(scene.around, on, walks));
    case "drop":
      scene.around.observe?.({ kind: "dropped", reason: edge.reason }, walks);
      for (const walk of walks) walk.ending = { kind: "ended", by: "drop" };
  }
};

const step = async (scene: Scene, name: string, walks: readonly Walk[]): Promise<void> => {
  const found = scene.plan.steps.get(name);
  if (found === undefined) throw new Error(`no step "${name}" in the plan`);
  const { succeeded, failed } = settle(walks, name, await call(scene.around, found.processor, walks));
  for (const { walk, value } of succeeded) carry(walk, found, value);
  const parts = Map.groupBy(succeeded, ({ value }) => value.kind);
  await together([
    giveUp(scene.around, name, failed),
    ...[...parts].map(([outcome, part]) => {
      const on = part.map(({ walk }) => walk);
      scene.around.observe?.({ kind: "outcome", step: name, outcome }, on);
      return go(scene, { from: name, on: outcome }, on);
    }),
  ]);
};

/**
 * A record that is wrong leaves nothing behind: what earlier steps hold for it is undone. After any other error nothing
 * is known, so nothing is undone: what is held is in doubt.
 */
const giveUp = async (around: StepEnvironment, step: string, failed: Settled<unknown>["failed"]): Promise<void> => {
  const { toUndo, asTheyAre } = sortFailures(failed);
  for (const { walk, error } of asTheyAre) failAll([walk], step, error);
  await together(
    [...toUndo].map(async ([code, poisoned]) => {
      await unwind(
        around,
        code,
        poisoned.map(({ walk }) => walk),
      );
      for (const { walk, error } of poisoned) if (walk.ending === undefined) failAll([walk], step, error);
    }),
  );
};

type BoundProject = NonNullable<BoundEdge["project"]>;

const write = async (
  around: StepEnvironment,
  { edge, sink, project }: BoundEdge,
  walks: readonly Walk[],
): Promise<void> => {
  if (sink === undefined || project === undefined) throw new Error(`the edge from ${edge.from} has no sink`);
  const made = walks.flatMap((walk) => make(walk, sink, project));
  if (made.length === 0) return;
  const written = sink.kind === "topic" ? emit(sink, made) : await store(around, sink, made);
  around.observe?.({ kind: "written", sink: sink.name }, written);
  for (const walk of written) walk.ending = { kind: "ended", by: edge.does === "fail" ? "fail" : "to" };
};

type Made = { readonly walk: Walk; readonly value: unknown };

/** A projection that throws is a mistake about this record alone, and no second attempt mends it. */
const make = (walk: Walk, sink: AnySink, project: BoundProject): readonly Made[] => {
  try {
    return [{ walk, value: project(walk.value, walk.context) }];
  } catch (error) {
    failAll([walk], `write ${sink.name}`, error);
    return [];
  }
};

const emit = (sink: AnyTopic, made: readonly Made[]): readonly Walk[] => {
  for (const { walk, value } of made) walk.emissions.push({ sink, value });
  return made.map(({ walk }) => walk);
};

const store = async (
  around: StepEnvironment,
  { name: store, write: run, writeMany }: Extract<AnySink, { kind: "store" }>,
  made: readonly Made[],
): Promise<readonly Walk[]> => {
  const name = `write ${store}`;
  const walks = made.map(({ walk }) => walk);
  const records = made.map(({ walk: { context, lane }, value }) => ({ value, context, lane }));
  const runMany = writeMany && voids(writeMany);
  const results = await call<unknown>(around, { name, run, runMany }, records);
  const { succeeded, failed } = settle(walks, name, results);
  for (const { walk, error } of failed) failAll([walk], name, error);
  return succeeded.map(({ walk }) => walk);
};
