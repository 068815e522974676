/** Requests by a schedule that waits for no answer. */
import { setTimeout as sleep } from "node:timers/promises";

/** So many requests a second, for so long. */
export interface Schedule {
  readonly seconds: number;
  readonly perSecond: number;
}

/** One request: the n-th, which was due at `dueAt` by `performance.now()`. */
export type One = (n: number, dueAt: number) => Promise<void>;

/** Sends each when it is due, within a millisecond, however many are under way; resolves when all are answered. */
export const openLoop = async ({ seconds, perSecond }: Schedule, startedAt: number, one: One): Promise<void> => {
  const underWay: Promise<void>[] = [];
  const total = seconds * perSecond;
  while (underWay.length < total) {
    // The n-th is due after n intervals: the first at once.
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) + 1);
    while (underWay.length < due)
      underWay.push(one(underWay.length, startedAt + (underWay.length * 1_000) / perSecond));
    await sleep(1);
  }
  await Promise.all(underWay);
};
