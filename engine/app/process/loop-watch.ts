/**
 * Ends a process whose event loop is blocked. The watchdog of a worker looks at what it waits for, and stands on the loop
 * itself: where that never comes back (an endless loop, a regular expression, a native call), neither it nor a SIGTERM is
 * heard. So a thread of its own looks whether the loop still turns.
 */
import { Worker } from "node:worker_threads";

/** What is watched. */
export interface LoopWatch {
  /** Of the process, as in its log. */
  readonly name: string;
  /** The loop has not turned for so long, ms: the process is killed. 1,000 and up. */
  readonly limitMs: number;
}

/** What the thread is given: `turns[0]` grows with every beat of the loop. */
export interface WatchedLoop extends LoopWatch {
  readonly turns: Int32Array;
  readonly beatMs: number;
}

/** Between two beats, at most. */
const beatMaxMs = 1_000;

/**
 * Watches the loop of this process until it ends: a blocked one is killed with SIGKILL (exit code 137 to a shell), because a
 * thread cannot end its process in any other way, after a line in its log. What was not committed comes again. Keeps no process
 * alive. A process that was frozen as a whole (SIGSTOP, a suspended machine) is not blocked: its thread stood still too.
 */
export const watchLoop = ({ name, limitMs }: LoopWatch): void => {
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const beatMs = Math.min(beatMaxMs, limitMs / 10);
  setInterval(() => Atomics.add(turns, 0, 1), beatMs).unref();
  const workerData: WatchedLoop = { name, limitMs, turns, beatMs };
  // As this module is: source in a checkout, compiled in the package.
  const thread = import.meta.url.replace(/loop-watch\.(?=[jt]s$)/, "loop-watch-thread.");
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };
  // Not the flags of the process: the limits of its heap are not the thread's.
  new Worker(new URL(thread), { name: "loop-watch", workerData, resourceLimits, execArgv: [] }).unref();
};
