/**
 * Notices that npm is gone. `npm run` starts a shell, which starts us; a SIGTERM to npm alone ends npm and, where the shell is
 * dash, the shell; a SIGKILL ends npm and leaves the shell waiting for us. Nobody tells us: we would serve for ever, unknown to the
 * supervisor that starts the next one. A process that npm did not start is left alone: its parent may have ended on purpose
 * (nohup, setsid, a daemon).
 */
import { readFileSync } from "node:fs";
import type { Environment } from "../config/settings.ts";

/** How often it is looked, ms. */
const everyMs = 500;

/** Whether npm started this process, by a script or by npx: both say so to what they start. */
export const startedByNpm = (env: Environment): boolean => env["npm_lifecycle_event"] !== undefined;

/** What is known of a process: its name, and the id of its parent. */
export interface ProcessFacts {
  readonly name: string;
  readonly parent: number;
}

/** Shells that npm may have started us by. Whatever else is there is npm itself, whose own parent may go. */
const shells: ReadonlySet<string> = new Set(["sh", "dash", "bash", "ash", "zsh", "ksh", "busybox"]);
/** npx in a script of npm's has two. */
const mostShells = 4;

/**
 * Who started us: the parent, and where that is a shell, its parent, and so on, up to npm. Another list than before says that
 * one of them is gone. Pure.
 */
export const startersOf = (parent: number, factsOf: (id: number) => ProcessFacts | undefined): readonly number[] => {
  const starters = [parent];
  for (let at = factsOf(parent); at !== undefined && shells.has(at.name); at = factsOf(at.parent)) {
    starters.push(at.parent);
    if (starters.length > mostShells) break;
  }
  return starters;
};

/** Reads it where the system has /proc; undefined elsewhere, and where the process is gone: then only the parent is watched. */
export const readProcessFacts = (id: number): ProcessFacts | undefined => {
  try {
    // `id (name) state parent ...`; a name may hold anything, parentheses too.
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    const end = stat.lastIndexOf(")");
    const parent = Number(stat.slice(end + 1).split(" ")[2]);
    return { name: stat.slice(stat.indexOf("(") + 1, end), parent };
  } catch {
    return undefined;
  }
};

/** What is watched, and what is done. */
export interface ParentWatch {
  readonly isWatched: boolean;
  /** Who started us, as {@link startersOf} has it: another list from the moment one of them is gone. */
  readonly starters: () => readonly number[];
  /** Called once. */
  readonly gone: () => void;
}

/** Watches until one of those who started us is gone. Does not keep the process alive. */
export const watchParent = ({ isWatched, starters, gone }: ParentWatch): void => {
  if (!isWatched) return;
  const first = starters().join();
  const timer = setInterval(() => {
    if (starters().join() === first) return;
    clearInterval(timer);
    gone();
  }, everyMs);
  timer.unref();
};
