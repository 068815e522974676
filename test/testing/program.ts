/** A program of the machine's that a test starts, such as Debian's Prometheus. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "./stack-under-test.ts";

/** What is started. */
export interface ProgramPlan {
  readonly program: string;
  readonly args: readonly string[];
  /** Its whole environment; ours where not given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it answers with a 2xx when it is ready. */
  readonly readyUrl: string;
  /** Whether what it says on standard error is shown with the test's. */
  readonly isHeard: boolean;
  /** Done when it has ended. */
  readonly afterwards?: () => void;
}

/** Starts it, and answers what ends it. @throws Error where it is not ready within a minute; it has ended then */
export const startProgram = async (plan: ProgramPlan): Promise<() => Promise<void>> => {
  const { program, args, env, readyUrl, isHeard, afterwards } = plan;
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", isHeard ? "inherit" : "ignore"] });
  const stop = async (): Promise<void> => {
    await endChild(child);
    afterwards?.();
  };
  try {
    await until(`${program} is ready`, async () => (await fetch(readyUrl).catch(() => undefined))?.ok === true);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
};

/** SIGTERM, and waits until it has ended. Idempotent; one that was killed by a signal has ended too. */
const endChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
};
