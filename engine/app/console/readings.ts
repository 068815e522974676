/** Readings that wait for each other, each of which has much in memory. */
import pLimit from "p-limit";
import { ConsoleFailure } from "../../console/serve/failure.ts";

/** Does `work` when its turn comes. @throws ConsoleFailure (503) where too many wait already */
export type Reading = <T>(work: () => Promise<T>) => Promise<T>;

/** `atOnce` of them, while `mostWaiting` more may wait. */
export const createReading = (atOnce: number, mostWaiting: number): Reading => {
  const limit = pLimit(atOnce);
  return async (work) => {
    if (limit.activeCount + limit.pendingCount < atOnce + mostWaiting) return limit(work);
    const fix = "Ask again in a minute.";
    throw new ConsoleFailure(503, "TOO_MANY_READ", `${mostWaiting} readings of dead letters wait already`, fix);
  };
};
