/** Runs a helper program to its end, such as a fetch or the making of a database, with its output in a file. */
import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { CliError } from "../../../engine/app/cli.ts";

/** What to run. */
export interface ToolRun {
  /** For messages, such as `mvn`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: string;
}

/**
 * Runs it. Ended with SIGKILL when `signal` aborts: what it makes is thrown away then anyway.
 * @throws CliError with the last lines of its output when it fails; the signal's reason when aborted.
 */
export async function runTool(run: ToolRun, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const log = await open(run.log, "w");
  try {
    const child = spawn(run.command, run.args, {
      env: { ...run.environment },
      stdio: ["ignore", log.fd, log.fd],
    });
    const kill = () => child.kill("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    const ending = await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, by) => resolve(code === 0 ? "" : describeExit(code, by)));
    });
    signal.removeEventListener("abort", kill);
    signal.throwIfAborted();
    if (ending !== "") throw await toolError(run, ending);
  } finally {
    await log.close();
  }
}

async function toolError(run: ToolRun, ending: string): Promise<CliError> {
  return new CliError(`${run.name} failed: ${ending}\n${await logTail(run.log)}`, {
    code: "STACK_TOOL_FAILED",
    fix: `Its output: ${run.log}`,
  });
}

/** How a process ended, in words. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** The last lines of a log from byte `from` on, indented, for an error message. */
export async function logTail(path: string, { from = 0, lines = 12 } = {}): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const text = bytes.subarray(from).toString("utf8").trimEnd();
  if (text === "") return "  | (it wrote nothing)";
  const last = text.split("\n").slice(-lines);
  return last.map((line) => `  | ${line.slice(0, 300)}`).join("\n");
}
