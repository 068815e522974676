/** A path under way: the interpreter's own and mutable; processors and observers see it as the item it carries. */
import { codeOf, dispositionOf, Retriable } from "../errors.ts";
import type { Item, Outcome } from "../flow/processor.ts";
import type { AnyStep, AnyUndo } from "../flow/parts.ts";
import type { Emission, Ending, Entrant, Path, Result } from "./round.ts";

/** A record's path while the round is under way. */
export interface Walk extends Item<unknown> {
  value: unknown;
  readonly lane: string;
  held: Held | undefined;
  /** Past a pivot a flow only goes forward: nothing that is held is undone any more. */
  pivoted: boolean;
  readonly emissions: Emission[];
  ending: Ending | undefined;
}

/** An effect that could be undone, on top of the ones before it. */
export interface Held {
  readonly step: string;
  readonly undo: AnyUndo;
  readonly done: unknown;
  readonly below: Held | undefined;
}

/** A record at the beginning of its path. */
export const setOut = ({ value, context, lane }: Entrant): Walk => ({
  value,
  context,
  lane,
  held: undefined,
  pivoted: false,
  emissions: [],
  ending: undefined,
});

/** The path as its caller sees it. */
export const arrive = ({ value, context, lane, emissions, ending }: Walk): Path => {
  if (ending === undefined) throw new Error(`the path of ${context.idempotencyKey} has no ending`);
  return { value, context, lane, emissions, ending };
};

/** A step decided: the walk carries the outcome on, and holds its effect where it has one. */
export const carry = (walk: Walk, { processor, undo }: AnyStep, outcome: Outcome): void => {
  walk.value = outcome;
  const how = undo[outcome.kind];
  if (how === undefined) return;
  if ("pivot" in how) walk.pivoted = true;
  else walk.held = { step: processor.name, undo: how, done: outcome, below: walk.held };
};

/** Ends paths by an error, with what they hold in doubt. */
export const failAll = (walks: readonly Walk[], call: string, error: unknown): void => {
  for (const walk of walks) walk.ending = { kind: "failed", call, error, held: heldSteps(walk.held) };
};

const heldSteps = (held: Held | undefined): readonly string[] =>
  held === undefined ? [] : [held.step, ...heldSteps(held.below)];

/** Walks by what a call came to for each. */
export interface Settled<R> {
  readonly succeeded: readonly { readonly walk: Walk; readonly value: R }[];
  readonly failed: readonly { readonly walk: Walk; readonly error: unknown }[];
}

/** Matches a call's results to the walks it was made for. */
export const settle = <R>(walks: readonly Walk[], call: string, results: readonly Result<R>[]): Settled<R> => {
  const succeeded: { readonly walk: Walk; readonly value: R }[] = [];
  const failed: { readonly walk: Walk; readonly error: unknown }[] = [];
  walks.forEach((walk, at) => {
    const result = results[at] ?? { ok: false, error: wrongCount(call, walks.length, results.length) };
    if (result.ok) succeeded.push({ walk, value: result.value });
    else failed.push({ walk, error: result.error });
  });
  return { succeeded, failed };
};

/** The walks of failures that poison caused, by its code, where what they hold may be undone; and the others. */
export const sortFailures = (failed: Settled<unknown>["failed"]) => {
  const canUndo = ({ walk, error }: (typeof failed)[number]) =>
    dispositionOf(error) === "poison" && walk.held !== undefined && !walk.pivoted;
  return {
    toUndo: Map.groupBy(failed.filter(canUndo), ({ error }) => codeOf(error)),
    asTheyAre: failed.filter((failure) => !canUndo(failure)),
  };
};

/**
 * A function answered for another number of items than it was given, so nobody knows which answer is whose. None is
 * used: where the surroundings isolate, the guilty record ends up alone.
 */
export const wrongCount = (call: string, given: number, answered: number): Retriable =>
  new Retriable("WRONG_ANSWER_COUNT", `"${call}" was given ${given} record(s) and answered for ${answered}`);

/** A step gave an outcome that its type does not have: what it did is unknown. */
export const undeclaredOutcome = (step: string, kind: unknown): Retriable =>
  new Retriable("UNDECLARED_OUTCOME", `step "${step}" gave outcome "${kind}", which the topology does not know`);
