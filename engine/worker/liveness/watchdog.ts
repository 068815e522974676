/**
 * Finds a stalled worker: something it waits for has not answered for longer than it may. First the worker is not
 * ready and says what it waits for; then it ends, so that its supervisor starts it again.
 */
import { Fatal } from "../../errors.ts";
import type { Clock } from "../../clock.ts";
import type { Logger } from "../../logger.ts";
import type { Wait } from "./waits.ts";

/** When a worker is stalled, ms. */
export interface StallLimits {
  /** Nothing has come of the oldest wait for so long: not ready, and a line in the log. */
  readonly unreadyMs: number;
  /** And for so long: the worker ends. */
  readonly endMs: number;
}

/** What it looks at. */
export interface WatchdogOptions {
  readonly limits: StallLimits;
  /** The oldest wait that nothing has come of; what is tried again and again is none. */
  readonly oldest: () => Wait | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** A watchdog at work. */
export interface Watchdog {
  /** Why the worker is stalled; undefined while it is not. */
  readonly stalled: () => string | undefined;
  /** Resolves with the error to end with, or undefined after the signal. */
  readonly watching: Promise<Fatal | undefined>;
}

/** How often it looks, at most. */
const lookMs = 1_000;

/** Watches until the signal, or until the worker has been stalled for too long. */
export const watch = ({ limits, oldest, clock, logger, signal }: WatchdogOptions): Watchdog => {
  const heldUp = (forMs: number): Wait | undefined => {
    const wait = oldest();
    return wait !== undefined && clock.now() - wait.sinceMs >= forMs ? wait : undefined;
  };
  const inWords = ({ what, sinceMs }: Wait): string => `${what}, for ${Math.round((clock.now() - sinceMs) / 1_000)} s`;
  const look = async (): Promise<Fatal | undefined> => {
    let logged: Wait | undefined;
    let overdue: Wait | undefined;
    while (!signal.aborted) {
      const ending = heldUp(limits.endMs);
      // At the second look: a process that was frozen itself has answers it has not read yet.
      if (ending !== undefined && ending.what === overdue?.what && ending.sinceMs === overdue.sinceMs)
        return new Fatal("STALLED", `nothing has come of ${inWords(ending)}`);
      overdue = ending;
      const wait = heldUp(limits.unreadyMs);
      if (wait !== undefined && wait.what !== logged?.what)
        logger.error({ event: "worker.stalled", endsAfterMs: limits.endMs }, `stalled, waiting for ${inWords(wait)}`);
      logged = wait;
      await clock.sleep(Math.min(lookMs, limits.unreadyMs), signal);
    }
    return undefined;
  };
  return {
    stalled: () => {
      const wait = heldUp(limits.unreadyMs);
      return wait && `stalled, waiting for ${inWords(wait)}`;
    },
    watching: look(),
  };
};
