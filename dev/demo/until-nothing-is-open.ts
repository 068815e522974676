/** Waiting for a system to come to rest. */
import { setTimeout as sleep } from "node:timers/promises";

/** Longest wait: for what never comes, not for what is slow on a busy machine. */
const restWithinMs = 60_000;

/** Resolves when `open` has nothing to say any more. @throws Error with what it says after a minute */
export const untilNothingIsOpen = async (
  open: () => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<void> => {
  for (const deadline = performance.now() + restWithinMs; ; await sleep(100, undefined, { signal })) {
    const what = await open();
    if (what === undefined) return;
    if (performance.now() > deadline) throw new Error(`after ${restWithinMs / 1_000} s, ${what}`);
  }
};
