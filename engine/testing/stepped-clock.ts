/** A clock for tests that moves only when the test steps it. */
import type { Clock } from "../clock.ts";

/** Resolves after everything that is already settled has been seen by those who await it. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A clock, and the function that moves it. */
export interface SteppedClock {
  readonly clock: Clock;
  /** Moves the clock by so many ms, ends the sleeps that are over by then, and waits until that has taken effect. */
  readonly step: (ms: number) => Promise<void>;
}

/** A clock whose sleeps end only when the test has stepped past their end. Starts at epoch ms 1,000,000. */
export const steppedClock = (): SteppedClock => {
  let now = 1_000_000;
  const sleepers = new Set<{ readonly at: number; readonly end: () => void }>();
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          at: now + ms,
          end: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", sleeper.end);
      }),
  };
  const step = async (ms: number): Promise<void> => {
    await settled();
    now += ms;
    for (const sleeper of [...sleepers]) if (sleeper.at <= now) sleeper.end();
    await settled();
  };
  return { clock, step };
};
