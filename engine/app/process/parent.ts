/**
 * Notices that npm is gone. `npm run` starts a shell, which starts us; a SIGTERM to npm alone ends npm and, where the shell is
 * dash, the shell, and nobody tells us: we would serve for ever, unknown to the supervisor that starts the next one. A process
 * that npm did not start is left alone: its parent may have ended on purpose (nohup, setsid, a daemon).
 */
import type { Environment } from "../config/settings.ts";

/** How often it is looked, ms. */
const everyMs = 500;

/** Whether npm started this process, by a script or by npx: both say so to what they start. */
export const startedByNpm = (env: Environment): boolean => env["npm_lifecycle_event"] !== undefined;

/** What is watched, and what is done. */
export interface ParentWatch {
  readonly isWatched: boolean;
  /** The id of the parent: of another process, from the moment it is gone. */
  readonly parent: () => number;
  /** Called once. */
  readonly gone: () => void;
}

/** Watches until the parent is gone. Does not keep the process alive. */
export const watchParent = ({ isWatched, parent, gone }: ParentWatch): void => {
  if (!isWatched) return;
  const first = parent();
  const timer = setInterval(() => {
    if (parent() === first) return;
    clearInterval(timer);
    gone();
  }, everyMs);
  timer.unref();
};
