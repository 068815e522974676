/** Looks at something that is away now and then: one look at a time, not too often, and never waited for too long. */
import type { Clock } from "./clock.ts";

/** Bounds of looking; ms. */
export interface LookLimits {
  /** What was seen stays good for so long. */
  readonly everyMs: number;
  /** How long a look is waited for. */
  readonly waitMs: number;
}

/** What is looked at, and who is told. */
export interface LookOptions<T> {
  /** @throws where it is away */
  readonly look: () => Promise<T>;
  /** Told of the first look that failed or took too long: an outage is one story. */
  readonly failed: (error: unknown) => void;
  readonly clock: Clock;
  readonly limits: LookLimits;
}

/** Answers what is seen now. */
export interface Looks<T> {
  /** Undefined where the latest look failed, or was not answered in time. Never rejects. */
  readonly see: () => Promise<T | undefined>;
  /** Whether the latest look succeeded; undefined before the first has ended. */
  readonly isSeen: () => boolean | undefined;
}

/**
 * Refused, or cut: nothing is seen, and the next who asks looks again. Slow: nothing is seen, and nobody looks again until that
 * look has ended; then what it saw counts.
 */
export const createLooks = <T>({ look, failed, clock, limits }: LookOptions<T>): Looks<T> => {
  let looking: Promise<void> | undefined;
  let waiting: Promise<T | undefined> | undefined;
  let seen: T | undefined;
  let isSeen: boolean | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  const blind = (error: unknown): void => {
    seen = undefined;
    if (isSeen !== false) failed(error);
    isSeen = false;
  };
  const run = async (): Promise<void> => {
    try {
      seen = await look();
      isSeen = true;
    } catch (error) {
      blind(error);
    } finally {
      lookedAtMs = clock.now();
      looking = undefined;
    }
  };
  const wait = async (forLook: Promise<void>): Promise<T | undefined> => {
    const ended = new AbortController();
    const late = clock.sleep(limits.waitMs, ended.signal).then(() => !ended.signal.aborted);
    const isLate = await Promise.race([forLook.then(() => false), late]).finally(() => ended.abort());
    if (isLate) blind(new Error(`no answer for ${limits.waitMs} ms`));
    return seen;
  };
  return {
    isSeen: () => isSeen,
    see: async () => {
      if (looking === undefined && clock.now() - lookedAtMs < limits.everyMs) return seen;
      looking ??= run();
      // One timer for all who ask at once: each metric of a scrape does.
      waiting ??= wait(looking).finally(() => {
        waiting = undefined;
      });
      return waiting;
    },
  };
};
