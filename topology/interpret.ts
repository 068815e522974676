/**
 * Takes a round through a topology, vectorised: the round goes through a step together, is split by outcome, and each
 * part goes on. Knows nothing of retries, logs or clocks beyond what `Around` gives it, so that the driver, the
 * simulator and the worker share it.
 */
import type { Item, Outcome, RecordContext } from "../processors/processor.ts";
import type { AnyProcessor, AnySink, AnyStep, AnyTopic, AnyUndo, BoundEdge, Parts } from "./parts.ts";

/** A call of a step's, a sink's or an undo's function for part of a round. */
export interface Call<R> {
  /** The step, `undo <name>` or `write <sink>`: names the call in logs, metrics and dead letters. */
  readonly name: string;
  readonly items: readonly Item<unknown>[];
  /** Answers in the order of the items given. May be called again, with the same items or with a part of them. */
  readonly run: (items: readonly Item<unknown>[]) => Promise<readonly R[]>;
}

/** What a call came to for one item. */
export type Result<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

/** A record to write to a topic, caused by one record of the round. */
export interface Emission {
  readonly sink: AnyTopic;
  readonly value: unknown;
}

/** How one record's path ended. `failed`: by an error, at `call`, with these effects still held. */
export type Ending =
  | { readonly kind: "ended"; readonly by: "to" | "fail" | "drop" }
  | { readonly kind: "failed"; readonly call: string; readonly error: unknown; readonly held: readonly string[] };

/** One record's way through the round: where it stands, what it holds, what it writes, how it ended. */
export interface Path extends Item<unknown> {
  /** What orders it: records of one lane run in order where a step decides one by one. */
  readonly lane: string;
  readonly emissions: readonly Emission[];
  readonly ending: Ending;
}

/** What surrounds the interpreter. */
export interface Around {
  /** Runs a call, with whatever retries and isolation the surroundings offer; answers for every item, in order. */
  readonly attempt: <R>(call: Call<R>) => Promise<readonly Result<R>[]>;
  /** What was given for the topology's needs. */
  readonly deps: unknown;
  /** Epoch ms. */
  readonly now: () => number;
  /** Runs one-by-one steps of several lanes side by side, within its bound. */
  readonly limit: <T>(task: () => Promise<T>) => Promise<T>;
  /** Told of every turn that part of a round takes. */
  readonly observe?: (turn: Turn, paths: readonly Item<unknown>[]) => void;
}

/** A turn in a path. */
export type Turn =
  | { readonly kind: "outcome"; readonly step: string; readonly outcome: string }
  | { readonly kind: "undone"; readonly step: string; readonly undo: string }
  | { readonly kind: "written"; readonly sink: string }
  | { readonly kind: "dropped"; readonly reason: string };

/** A record that enters a round. */
export interface Entrant {
  readonly value: unknown;
  readonly context: RecordContext;
  readonly lane: string;
}

/** A topology made ready to take rounds. */
export interface Interpreter {
  /** Takes records of one source through; answers a path for each, in order. Never rejects for an error of a call. */
  readonly round: (source: string, entrants: readonly Entrant[], around: Around) => Promise<readonly Path[]>;
}

/** Makes an interpreter of a topology's parts. */
export const createInterpreter = (parts: Parts): Interpreter => {
  const plan = planOf(parts);
  return {
    round: async (source, entrants, around) => {
      const paths = entrants.map(walking);
      await go({ plan, around }, { from: source, on: "*" }, paths);
      return paths.map(arrived);
    },
  };
};

/** A path under way: the interpreter's own, mutable; processors see it as the item it carries. */
interface Walk extends Item<unknown> {
  value: unknown;
  readonly lane: string;
  held: Held | undefined;
  readonly emissions: Emission[];
  ending: Ending | undefined;
}
/** An effect that could be undone, on top of the ones before it. */
interface Held {
  readonly step: string;
  readonly undo: AnyUndo;
  readonly done: unknown;
  readonly below: Held | undefined;
}
interface Plan {
  readonly steps: ReadonlyMap<string, AnyStep>;
  readonly edges: ReadonlyMap<string, ReadonlyMap<string, BoundEdge>>;
}
interface Scene {
  readonly plan: Plan;
  readonly around: Around;
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

const walking = ({ value, context, lane }: Entrant): Walk => ({
  value,
  context,
  lane,
  held: undefined,
  emissions: [],
  ending: undefined,
});

const arrived = (walk: Walk): Path => {
  if (walk.ending === undefined) throw new Error(`the path of ${walk.context.idempotencyKey} has no ending`);
  return { ...walk, ending: walk.ending };
};

const go = async (scene: Scene, { from, on }: Way, walks: readonly Walk[]): Promise<void> => {
  // A step with a single outcome has its one edge under `*`.
  const ways = scene.plan.edges.get(from);
  const bound = ways?.get(on) ?? ways?.get("*");
  if (bound === undefined) return failAll(walks, from, new UndeclaredOutcome(from, on));
  const { edge } = bound;
  switch (edge.does) {
    case "step":
      return step(scene, edge.step, walks);
    case "to":
      return write(scene, bound, walks);
    case "fail":
      return write(scene, bound, await undoAll(scene, on, walks));
    case "drop":
      scene.around.observe?.({ kind: "dropped", reason: edge.reason }, walks);
      for (const walk of walks) walk.ending = { kind: "ended", by: "drop" };
  }
};

const step = async (scene: Scene, name: string, walks: readonly Walk[]): Promise<void> => {
  const found = scene.plan.steps.get(name);
  if (found === undefined) throw new Error(`no step "${name}" in the plan`);
  const outcomes = await callProcessor(scene, found.processor, walks);
  const parts = new Map<string, Walk[]>();
  walks.forEach((walk, at) => {
    const result = outcomes[at];
    if (!settle(walk, name, result)) return;
    const { kind } = result.value;
    hold(walk, found, result.value);
    const part = parts.get(kind);
    if (part === undefined) parts.set(kind, [walk]);
    else part.push(walk);
  });
  await Promise.all(
    [...parts].map(([outcome, part]) => {
      scene.around.observe?.({ kind: "outcome", step: name, outcome }, part);
      return go(scene, { from: name, on: outcome }, part);
    }),
  );
};

/** True where a call succeeded for a walk; otherwise its path ends here. */
const settle = <R>(
  walk: Walk,
  call: string,
  result: Result<R> | undefined,
): result is { readonly ok: true; readonly value: R } => {
  if (result?.ok) return true;
  failAll([walk], call, result === undefined ? new MissingAnswer(call) : result.error);
  return false;
};

const failAll = (walks: readonly Walk[], call: string, error: unknown): void => {
  for (const walk of walks) walk.ending = { kind: "failed", call, error, held: heldNames(walk.held) };
};

const heldNames = (held: Held | undefined): readonly string[] =>
  held === undefined ? [] : [held.step, ...heldNames(held.below)];

const hold = (walk: Walk, { processor, undo }: AnyStep, outcome: Outcome): void => {
  const how = undo[outcome.kind];
  if (how !== undefined && !("pivot" in how))
    walk.held = { step: processor.name, undo: how, done: outcome, below: walk.held };
  walk.value = outcome;
};

const callProcessor = (
  { around }: Scene,
  processor: AnyProcessor,
  walks: readonly Walk[],
): Promise<readonly Result<Outcome>[]> => {
  const { name, run, runMany } = processor;
  if (runMany !== undefined) return around.attempt({ name, items: walks, run: (items) => runMany(items, around.deps) });
  if (run === undefined) throw new Error(`step "${name}" has neither run nor runMany`);
  return oneByOne(around, walks, (walk) => ({
    name,
    items: [walk],
    run: async ([item]) => (item === undefined ? [] : [await run(item.value, around.deps, item.context)]),
  }));
};

/** Lanes side by side, the records of a lane in order. */
const oneByOne = async <W extends { readonly lane: string }, R>(
  { attempt, limit }: Around,
  walks: readonly W[],
  callOf: (walk: W) => Call<R>,
): Promise<readonly Result<R>[]> => {
  const lanes = Map.groupBy(walks, ({ lane }) => lane);
  const results = new Map<W, Result<R>>();
  const runLane = async (lane: readonly W[]): Promise<void> => {
    for (const walk of lane) {
      const [result] = await attempt(callOf(walk));
      if (result !== undefined) results.set(walk, result);
    }
  };
  await Promise.all([...lanes.values()].map((lane) => limit(() => runLane(lane))));
  return walks.map((walk) => results.get(walk) ?? { ok: false, error: new MissingAnswer(callOf(walk).name) });
};

/** Undoes what the walks hold, last first; answers those whose every effect is undone. */
const undoAll = async (scene: Scene, reason: string, walks: readonly Walk[]): Promise<readonly Walk[]> => {
  const holding = walks.filter(({ held }) => held !== undefined);
  if (holding.length === 0) return walks;
  const tops = Map.groupBy(holding, ({ held }) => held?.undo);
  const undone = await Promise.all([...tops.values()].map((group) => undoTop(scene, reason, group)));
  const failed = new Set(undone.flat());
  return undoAll(
    scene,
    reason,
    walks.filter((walk) => !failed.has(walk)),
  );
};

/** Undoes the topmost effect of walks that hold the same one; answers those for which that failed. */
const undoTop = async (scene: Scene, reason: string, walks: readonly Walk[]): Promise<readonly Walk[]> => {
  const { around } = scene;
  const held = walks[0]?.held;
  if (held === undefined) return [];
  const { compensation, sink, project } = held.undo;
  const items = walks.map((walk) => ({ value: walk.held?.done, context: walk.context, lane: walk.lane }));
  const name = `undo ${compensation.name}`;
  const { run, runMany } = compensation;
  const results: readonly Result<unknown>[] =
    runMany !== undefined
      ? await around.attempt({ name, items, run: async (some) => voids(some, await runMany(some, around.deps)) })
      : await oneByOne(around, items, (item) => ({
          name,
          items: [item],
          run: async (some) => voids(some, await run?.(item.value, around.deps, item.context)),
        }));
  const failed = walks.filter((walk, at) => !settle(walk, name, results[at]));
  const done = walks.filter((walk) => walk.ending === undefined);
  around.observe?.({ kind: "undone", step: held.step, undo: compensation.name }, done);
  for (const walk of done) {
    const value = project({ done: walk.held?.done, reason, undoneAt: around.now() }, walk.context);
    walk.emissions.push({ sink, value });
    walk.held = walk.held?.below;
  }
  return failed;
};

const voids = (items: readonly unknown[], _done: unknown): readonly undefined[] => items.map(() => undefined);

const write = async (scene: Scene, { edge, sink, project }: BoundEdge, walks: readonly Walk[]): Promise<void> => {
  if (sink === undefined || project === undefined) throw new Error(`the edge from ${edge.from} has no sink`);
  const by = edge.does === "fail" ? "fail" : "to";
  const written = sink.kind === "topic" ? emit(sink, project, walks) : await store(scene, { sink, project }, walks);
  scene.around.observe?.({ kind: "written", sink: sink.name }, written);
  for (const walk of written) walk.ending = { kind: "ended", by };
};

/** A projection that throws is a mistake about this record alone. */
const emit = (sink: AnyTopic, project: BoundProject, walks: readonly Walk[]): readonly Walk[] =>
  walks.filter((walk) => {
    try {
      walk.emissions.push({ sink, value: project(walk.value, walk.context) });
      return true;
    } catch (error) {
      failAll([walk], `write ${sink.name}`, error);
      return false;
    }
  });
type BoundProject = NonNullable<BoundEdge["project"]>;

const store = async (
  { around }: Scene,
  { sink, project }: { readonly sink: Extract<AnySink, { kind: "store" }>; readonly project: BoundProject },
  walks: readonly Walk[],
): Promise<readonly Walk[]> => {
  const name = `write ${sink.name}`;
  const run = async (items: readonly Item<unknown>[]): Promise<readonly undefined[]> => {
    const records = items.map(({ value, context }) => ({ value: project(value, context), context }));
    return voids(items, await sink.writeMany(records, around.deps));
  };
  const results = await around.attempt({ name, items: walks, run });
  return walks.filter((walk, at) => settle(walk, name, results[at]));
};

/** A step gave an outcome that its type does not have. */
class UndeclaredOutcome extends Error {
  readonly code = "UNDECLARED_OUTCOME";
  constructor(step: string, kind: string) {
    super(`step "${step}" gave outcome "${kind}", which the topology does not know`);
  }
}

/** A step answered for fewer items than it was given. */
class MissingAnswer extends Error {
  readonly code = "MISSING_ANSWER";
  constructor(call: string) {
    super(`"${call}" gave no answer for a record it was given`);
  }
}
