/** The thread of loop-watch.ts: counts how long the loop of its process has not turned, and kills the process. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { WatchedLoop } from "./loop-watch.ts";

// What `watchLoop` gives.
const { name, limitMs, turns, beatMs } = workerData as WatchedLoop;

const logFile = 2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let seen = -1;
let blockedMs = 0;
for (;;) {
  Atomics.wait(sleeper, 0, 0, beatMs);
  const now = Atomics.load(turns, 0);
  // Counted by sleeps and not by a clock: a process that was frozen has slept once.
  blockedMs = now === seen ? blockedMs + beatMs : 0;
  seen = now;
  if (blockedMs < limitMs) continue;
  const line = { level: 60, time: Date.now(), pid: process.pid, name, event: "process.blocked", blockedMs };
  const msg = "the event loop has not turned for too long: the process is killed";
  try {
    writeSync(logFile, `${JSON.stringify({ ...line, msg })}\n`);
  } finally {
    process.kill(process.pid, "SIGKILL");
  }
}
