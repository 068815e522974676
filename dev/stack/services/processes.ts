/**
 * Finds, watches and ends the processes of a stack. Each carries the folder of its stack in its environment, so it is
 * found even if the process that started it was killed before writing its pid down. Reads /proc, so Linux only.
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessId } from "./service.ts";

/** The variable that marks every process of a stack; its value is the stack's folder. */
export const stackVariable = "SLUICE_STACK";

/** A process that exists. */
export interface LiveProcess extends ProcessId {
  /** Resident memory, in bytes. */
  readonly memoryBytes: number;
}

/**
 * What /proc/PID/stat says. The name in parentheses may hold anything, blanks and parentheses too, so the fields count
 * from the last one. A zombie has ended and is not collected yet.
 */
export function parseStat(text: string): { readonly startTicks: string; readonly residentPages: number } | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks, residentPages] = [fields[0], fields[19], fields[21]];
  if (state === undefined || startTicks === undefined || residentPages === undefined) return undefined;
  return state === "Z" || state === "X" ? undefined : { startTicks, residentPages: Number(residentPages) };
}

/** Whether an environment, as /proc/PID/environ holds it, carries the mark of the stack at `root`. */
export function isMarked(environ: string, root: string): boolean {
  return environ.split("\0").includes(`${stackVariable}=${root}`);
}

/** The process with this pid; undefined when there is none, or it has ended. */
export async function findProcess(pid: number): Promise<LiveProcess | undefined> {
  const stat = parseStat(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""));
  // 4096: the page size of every Linux that Node runs on, but for some arm64 kernels, where memory shows too small.
  return stat && { pid, startTicks: stat.startTicks, memoryBytes: stat.residentPages * 4096 };
}

/** The process, if it is still the same one and not another that was given its pid. */
export async function findSame(id: ProcessId | undefined): Promise<LiveProcess | undefined> {
  const found = id && (await findProcess(id.pid));
  return found?.startTicks === id?.startTicks ? found : undefined;
}

/** Every process that carries the mark of the stack at `root`. Those of other users can't be read, and are not ours. */
export async function findMarked(root: string): Promise<readonly ProcessId[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
      return isMarked(environ, root) ? findProcess(pid) : undefined;
    }),
  );
  return found.filter((process) => process !== undefined);
}

/**
 * Ends processes: SIGTERM, and SIGKILL to those which are left after `patienceMs`. Looks again after each round, since
 * one of them may have started another. Does nothing when none is left.
 * @throws Error when one survives SIGKILL for 10 s (it hangs in the kernel).
 */
export async function endProcesses(
  find: () => Promise<readonly ProcessId[]>,
  { patienceMs }: { readonly patienceMs: number },
): Promise<number> {
  const ended = new Set<number>();
  const startedAt = performance.now();
  let signalled = new Set<string>();
  for (let left = await find(); left.length > 0; left = await find()) {
    const passedMs = performance.now() - startedAt;
    if (passedMs > patienceMs + 10_000) {
      throw new Error(`processes ${left.map(({ pid }) => pid).join(", ")} do not end, not even by SIGKILL`);
    }
    const signal = passedMs < patienceMs ? "SIGTERM" : "SIGKILL";
    for (const { pid, startTicks } of left) {
      ended.add(pid);
      const key = `${signal} ${pid} ${startTicks}`;
      if (!signalled.has(key)) signalProcess(pid, signal);
      signalled = signalled.add(key);
    }
    await sleep(50);
  }
  return ended.size;
}

/** Sends a signal; a process that is gone already is none's concern. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
