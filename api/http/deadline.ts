/** Work with a deadline: what a client waits for ends, even if what it waits for does not. */
import type { ApiClock } from "./clock.ts";

/** The deadline came first. The work continues, and its end is ignored. */
export class DeadlinePassed extends Error {
  readonly code = "DEADLINE_PASSED";
}

/** Lets the work know whether its caller still waits for it. */
export interface Deadline {
  readonly passed: () => boolean;
}

/**
 * The work's answer, if it comes within `limitMs`.
 * @throws DeadlinePassed when it does not. A later rejection of the work is swallowed.
 */
export const within = <T>(clock: ApiClock, limitMs: number, work: (deadline: Deadline) => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    let passed = false;
    const cancel = clock.after(limitMs, () => {
      passed = true;
      reject(new DeadlinePassed(`no answer within ${limitMs} ms`));
    });
    work({ passed: () => passed }).then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
