/** Time as the API needs it: the engine's clock, with timers that can be cancelled instead of a sleep. */
import type { Clock } from "../../engine/clock.ts";

/** A clock for requests. */
export interface ApiClock extends Pick<Clock, "now"> {
  /**
   * Runs once, `delayMs` from now. The answer cancels it, and is harmless afterwards. Each request sets a timer and nearly
   * all are cancelled: the engine's `sleep` would need an AbortController for each.
   */
  readonly after: (delayMs: number, run: () => void) => () => void;
}

/**
 * The machine's clock. Its time of day follows every correction, unlike the engine's `systemClock`: when a token expires
 * is decided by the time of day. Timers take no notice of corrections; what is measured with `now` must expect one.
 */
export const machineClock: ApiClock = {
  now: Date.now,
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
