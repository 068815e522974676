/** What a signal to stop means: the first begins the drain, one soon after it is the same one, a later one ends it at once. */

/**
 * Ctrl-C reaches every process of a terminal's group, and npm and its shell pass it on as well: two signals within this time
 * are one wish, ms. Nobody presses twice as fast who has looked whether once was enough.
 */
export const sameSignalMs = 1_000;

/** `stop`: drain. `same`: it drains already. `end`: end at once, without draining. */
export type SignalMeaning = "stop" | "same" | "end";

/** Tells, signal by signal, what it means; `now` is in ms, of a clock that is never set. */
export const createSignalJudge = (now: () => number): (() => SignalMeaning) => {
  let firstAt: number | undefined;
  return () => {
    if (firstAt === undefined) {
      firstAt = now();
      return "stop";
    }
    return now() - firstAt < sameSignalMs ? "same" : "end";
  };
};
