/** How a step's, an undo's and a store's function is called for part of a round: all at once, or lane by lane. */
import type { Item, RecordContext } from "../flow/processor.ts";
import type { AnyRun, AnyRunMany } from "../flow/parts.ts";
import { createKeptLanes } from "./behind.ts";
import { type Call, type InLane, listOf, type Result, type Results, type StepEnvironment } from "./round.ts";
import { together } from "./together.ts";
import { wrongCount } from "./record-state.ts";

/** A function that decides one record or a whole round. */
export interface Callee<R> {
  readonly name: string;
  readonly run?: AnyRun<R> | undefined;
  readonly runMany?: AnyRunMany<readonly R[]> | undefined;
  readonly attempts?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly ahead?: boolean | undefined;
}

/** Calls a function for items of several lanes; answers in their order. Rejects only with what `attempt` rejects with. */
export const call = <R>(
  environment: StepEnvironment,
  { name, run, runMany, attempts, timeoutMs, ahead }: Callee<R>,
  items: readonly InLane[],
): Promise<Results<R>> => {
  const { attempt, deps } = environment;
  if (runMany !== undefined) {
    const runAll = (some: readonly Item<unknown>[]) => counted(name, some, runMany(some, deps));
    return attempt({ name, items, attempts, timeoutMs, ahead, run: runAll });
  }
  if (run === undefined) throw new Error(`"${name}" has neither run nor runMany`);
  const runOne = ({ value, context }: { readonly value: unknown; readonly context: RecordContext }) =>
    run(value, deps, context);
  return laneByLane(environment, items, (item) => ({
    name,
    items: [item],
    attempts,
    timeoutMs,
    ahead,
    run: async (some) => Promise.all(some.map(runOne)),
  }));
};

/** A function that answers nothing, as one that answers `undefined` for each. */
export const voids =
  (runMany: AnyRunMany<void>): AnyRunMany<readonly undefined[]> =>
  async (items, deps) => {
    await runMany(items, deps);
    return items.map(() => undefined);
  };

// Where an answer is missing, the ones after it belong to other records than their places say: none may be used.
const counted = async <R>(
  name: string,
  items: readonly Item<unknown>[],
  answering: Promise<readonly R[]>,
): Promise<readonly R[]> => {
  const answers = await answering;
  if (answers.length !== items.length) throw wrongCount(name, items.length, answers.length);
  return answers;
};

/** Lanes side by side, the records of a lane in order, none of them behind one that was given up on. */
const laneByLane = async <R>(
  { attempt, limit }: StepEnvironment,
  items: readonly InLane[],
  callOf: (item: InLane) => Call<R>,
): Promise<readonly Result<R>[]> => {
  const results = new Map<InLane, Result<R>>();
  const runLane = async (lane: readonly InLane[]): Promise<void> => {
    const kept = createKeptLanes();
    for (const item of lane) {
      const [result] = listOf(await kept.answer([item], () => attempt(callOf(item))));
      if (result !== undefined) results.set(item, result);
    }
  };
  const lanes = Map.groupBy(items, ({ lane }) => lane);
  await together([...lanes.values()].map((lane) => limit(() => runLane(lane))));
  return items.map((item) => results.get(item) ?? { ok: false, error: wrongCount(callOf(item).name, 1, 0) });
};
