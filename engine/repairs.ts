/** What a process set right lately, for whoever looks at it. Kept in memory: what came of them is in the stores. */

/** Something that was set right, in words. */
export interface Repair {
  /** Epoch ms. */
  readonly atMs: number;
  /** What was repaired, such as a coupon. */
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** The latest repairs of a process. */
export interface Repairs {
  readonly add: (repair: Omit<Repair, "atMs">) => void;
  /** {@link repairsKept} at most, the latest first. */
  readonly latest: () => readonly Repair[];
}

/** Repairs that a process remembers: after a flush of a store there are thousands, and all are alike. */
export const repairsKept = 20;

/** None yet. */
export const createRepairs = (now: () => number): Repairs => {
  let kept: readonly Repair[] = [];
  return {
    add: (repair) => {
      kept = [{ ...repair, atMs: now() }, ...kept].slice(0, repairsKept);
    },
    latest: () => kept,
  };
};
