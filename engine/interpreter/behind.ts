/** Records that keep their place behind one that was given up on in doubt: nothing of them is tried until its dead letter is durable. */
import { dispositionOf, Retriable } from "../errors.ts";
import { AllSucceeded, type InLane, listOf, type Path, type Result, type Results } from "./round.ts";

/**
 * What a call answers for a record behind one of its lane that was given up on. Until that one's dead letter is durable it may be
 * delivered and decided once more, and would come after this one if this one were decided now. Nothing is wrong with the record: it
 * goes through the topology again, from its beginning. Never poison, so nothing that is pending is undone.
 */
export class Behind extends Retriable {
  constructor() {
    super(
      "BEHIND",
      "a record before it in its lane was given up on: it is decided when the dead letter of that one is written",
    );
  }
}

/** The lanes of one call whose later records are behind. */
export interface KeptLanes {
  /**
   * Has records answered that are not behind, and answers for all, in order. Where one of them was given up on, or is behind itself,
   * its lane is kept from then on. Rejects as `answering` does, which is not called without records.
   */
  readonly answer: <R, I extends InLane>(
    items: readonly I[],
    answering: (going: readonly I[]) => Promise<Results<R>>,
  ) => Promise<Results<R>>;
}

/** No lane is kept yet. A poison record keeps none: it is as wrong whenever it comes again. */
export const createKeptLanes = (): KeptLanes => {
  const kept = new Set<string>();
  const keep = <R>(items: readonly InLane[], results: Results<R>): void => {
    if (results instanceof AllSucceeded) return;
    results.forEach((result, at) => {
      const lane = items[at]?.lane;
      if (lane !== undefined && !result.ok && dispositionOf(result.error) === "retriable") kept.add(lane);
    });
  };
  return {
    answer: async (items, answering) => {
      const going = kept.size === 0 ? items : items.filter(({ lane }) => !kept.has(lane));
      const results = going.length === 0 ? [] : await answering(going);
      const isWhole = going.length === items.length;
      const all = isWhole ? results : merged(items, resultsOf(going, listOf(results)));
      keep(items, all);
      return all;
    },
  };
};

const resultsOf = <R>(items: readonly InLane[], results: readonly Result<R>[]) =>
  new Map(items.map((item, at) => [item, results[at]]));

const merged = <R>(
  items: readonly InLane[],
  results: ReadonlyMap<InLane, Result<R> | undefined>,
): readonly Result<R>[] => items.map((item) => results.get(item) ?? { ok: false, error: new Behind() });

/** Whether a path ended for nothing but that its record is behind another. */
export const isBehind = ({ ending }: Path): boolean => ending.kind === "failed" && ending.error instanceof Behind;
