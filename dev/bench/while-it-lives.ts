/** Waits for what a process does, which may end before it has done it. */
import type { Child } from "../children.ts";

/**
 * What `work` answers, which looks at what the process does until it is done. `work` is aborted when the process ends before, or
 * `signal` does: a loop that goes on would keep the bench from ending. @throws Error how the process ended, and where its log is
 */
export const whileItLives = async <T>(
  { ended, logFile }: Pick<Child, "ended" | "logFile">,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  unless(
    ended.then((how) => {
      throw new Error(`the worker ended (${how}) before the work was done; see ${logFile}`);
    }),
    signal,
    work,
  );

/** What `work` answers, which is aborted when `failed` rejects before, or `signal` is. @throws what `failed` rejects with */
export const unless = async <T>(
  failed: Promise<never>,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const over = new AbortController();
  try {
    return await Promise.race([work(AbortSignal.any([signal, over.signal])), failed]);
  } finally {
    over.abort();
  }
};
