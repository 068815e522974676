/** What runs stays up for a look: a process that ends is told of, and the others go on, because to kill one is part of the look. */
import type { Child } from "../children.ts";

/** What of a process is looked at here. */
export type Watched = Pick<Child, "name" | "ended">;

/**
 * Resolves when it is stopped, or when none of the processes is left; answers how many ended before. `tell` is called for each
 * that ends, at once.
 */
export const untilStopped = async (
  children: readonly Watched[],
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (text: string) => void },
): Promise<number> => {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let ended = 0;
  const all = children.map(async ({ name, ended: how }) => {
    const what = await how;
    if (signal.aborted) return;
    ended += 1;
    tell(`${name} ended: ${what}; ${ended < children.length ? "the others go on" : "none is left"}`);
  });
  await Promise.race([stopped, Promise.all(all)]);
  return ended;
};
