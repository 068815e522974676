/** Takes a stack down: ends every process of it, however it came to be, and removes its data. */
import { readdir, rm } from "node:fs/promises";
import { defaultStackName, type Layout, layoutOf } from "./layout.ts";
import { withLock } from "./lock.ts";
import { endProcesses, findMarked, findSame } from "./services/processes.ts";
import type { ProcessId } from "./services/service.ts";
import { readState } from "./state.ts";

/** What `stackDown` did. */
export interface StackDown {
  readonly name: string;
  /** How many processes were ended; 0 when none ran. */
  readonly ended: number;
  /** Where the logs are; undefined when the stack has none. */
  readonly logs: string | undefined;
}

// Between SIGTERM and SIGKILL. A broker that finds no controller would try for longer to hand over its leaders, for
// the sake of data that is removed in the next moment.
const patienceMs = 2_000;

/**
 * Ends every process of the stack and removes its data and settings; the logs stay. Idempotent: also right for a stack
 * that never was, or whose `up` was killed at any moment.
 * @throws CliError (conflict) when another command is at work on it for longer than 30 s.
 */
export async function stackDown({
  name = defaultStackName,
}: {
  readonly name?: string | undefined;
} = {}): Promise<StackDown> {
  const layout = layoutOf(name);
  return withLock(layout.root, { waitMs: 30_000 }, async () => {
    const ended = await removeStack(layout);
    const logs = await readdir(layout.logs).catch(() => []);
    return { name, ended, logs: logs.length > 0 ? layout.logs : undefined };
  });
}

/** Ends the processes and removes the data of a stack whose lock the caller holds. Gives the number of processes. */
export async function removeStack(layout: Layout): Promise<number> {
  const ended = await endProcesses(() => findAll(layout), { patienceMs });
  await Promise.all(layout.removable.map((path) => rm(path, { recursive: true, force: true })));
  return ended;
}

/** The processes of a stack: those that carry its mark, and those it wrote down, should one have lost its mark. */
async function findAll(layout: Layout): Promise<readonly ProcessId[]> {
  // A state that can't be read names no process; the marks do.
  const state = await readState(layout).catch(() => undefined);
  const recorded = await Promise.all((state?.services ?? []).map((service) => findSame(service.process)));
  const marked = await findMarked(layout.root);
  const known = new Map([...recorded.filter((id) => id !== undefined), ...marked].map((id) => [id.pid, id]));
  return [...known.values()];
}
