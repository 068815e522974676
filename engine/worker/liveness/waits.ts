/** What is being waited for, and since when: a call that never answers is found here. */
import type { Clock } from "../../clock.ts";

/** One wait. */
export interface Wait {
  /** In words. */
  readonly what: string;
  /** Epoch ms. */
  readonly sinceMs: number;
}

/** The waits of a worker. */
export interface Waits {
  /** The same promise, listed until it settles. */
  readonly during: <T>(what: string, work: Promise<T>) => Promise<T>;
  /** The one that has lasted longest; undefined where there is none. */
  readonly oldest: () => Wait | undefined;
}

/** No waits. */
export const createWaits = ({ now }: Pick<Clock, "now">): Waits => {
  const waits = new Set<Wait>();
  return {
    during: async (what, work) => {
      const wait = { what, sinceMs: now() };
      waits.add(wait);
      try {
        return await work;
      } finally {
        waits.delete(wait);
      }
    },
    // A set keeps the order in which its members came, so the first is the oldest.
    oldest: () => waits.values().next().value,
  };
};
