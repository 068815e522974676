/** Ends a program that a test started by itself, however it ends. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** SIGTERM, and waits until it has ended. Idempotent; one that was killed by a signal has ended too. */
export const endChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
};
