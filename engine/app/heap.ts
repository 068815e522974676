/**
 * A bounded heap for workers. Left alone, V8 on a large machine lets garbage pile up to several times what lives: a worker
 * with 60 MB alive grew to 430 MB. Its limits can only be given to a new process, so this one becomes it.
 */
import { environment } from "./cli.ts";

/**
 * Megabytes. Alive are 60 to 110; the young generation takes three semi-spaces. Measured 2026-11 on 2 cores, see
 * docs/benchmarks.md: peak under 250 MB with a million records waiting, for some microseconds of collection a record.
 */
const flags = ["--max-old-space-size=128", "--max-semi-space-size=8"] as const;

/** Replaces this process by itself with the limits, unless it has limits already. Returns only where it has. */
export const boundHeap = (): void => {
  const given = [...process.execArgv, environment()["NODE_OPTIONS"] ?? ""].join(" ");
  if (given.includes("--max-old-space-size") || process.execve === undefined) return;
  const own = Object.fromEntries(Object.entries(environment()).filter(([, value]) => value !== undefined));
  // What is left after the filter are strings.
  const env = own as Record<string, string>;
  process.execve(process.execPath, [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)], env);
};
