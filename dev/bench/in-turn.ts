/** The same workload in turn without and with something: what is first finds everything cold, so each is run several times. */
import type { DrainRun } from "./coupons/drain.ts";

/** Runs of both kinds, in the order in which they were made. */
export interface InTurn {
  readonly with: readonly DrainRun[];
  readonly without: readonly DrainRun[];
  /** Median rate with, by median rate without. */
  readonly ratio: number;
}

/** Runs of each kind. */
const turns = 3;

/** Runs them one after the other. @throws whatever a run throws */
export const inTurn = async (run: (kind: "with" | "without", turn: string) => Promise<DrainRun>): Promise<InTurn> => {
  const runs: { readonly with: DrainRun[]; readonly without: DrainRun[] } = { with: [], without: [] };
  for (let turn = 1; turn <= turns; turn++)
    for (const kind of ["without", "with"] as const) runs[kind].push(await run(kind, `${turn} of ${turns}`));
  return { ...runs, ratio: Math.round((medianRate(runs.with) / medianRate(runs.without)) * 1_000) / 1_000 };
};

const medianRate = (runs: readonly DrainRun[]): number => median(runs.map(({ issuedPerSecond }) => issuedPerSecond));

/** The middle one, the upper of two; NaN of none. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
