/** Time as a parameter, so that tests and the simulator can own it. */

/** A clock. */
export interface Clock {
  /** Epoch ms. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** A number in [0, 1). */
export type Random = () => number;

/**
 * The machine's clock, as it stood when the process began, and from there on by one that is never set: what is waited for
 * must not jump when somebody sets the time.
 */
export const systemClock: Clock = {
  now: () => Math.floor(performance.timeOrigin + performance.now()),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end);
    }),
};

/** How long to wait before attempt after attempt. */
export interface Backoff {
  /** The first wait's upper bound. */
  readonly initialMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
}

/** Exponential with full jitter in its upper half: callers that fail together do not come back together. */
export const backoffMs = ({ initialMs, maxMs }: Backoff, failures: number, random: Random): number => {
  const bound = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 30));
  return bound / 2 + (bound / 2) * random();
};
