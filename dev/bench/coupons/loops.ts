/** How requests follow one another: by a schedule that waits for no answer, or each after the answer of the one before. */
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

/** Clients that ask again at once, for so long. */
export interface Crowd {
  readonly seconds: number;
  readonly clients: number;
}

/** Has each client send its next request as soon as the last was answered, due as it is sent; resolves when all are answered. */
export const closedLoop = async ({ seconds, clients }: Crowd, startedAt: number, one: One): Promise<void> => {
  let n = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - startedAt < seconds * 1_000) await one(n++, performance.now());
  };
  await Promise.all(Array.from({ length: clients }, client));
};
