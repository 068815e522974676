/** What a process has used, by the kernel's own account (Linux). */
import { readFile } from "node:fs/promises";

/** A process's account. */
export interface Usage {
  /** User and system time so far. */
  readonly cpuSeconds: number;
  /** The most memory it ever had resident. */
  readonly peakRssBytes: number;
}

/** USER_HZ: what the kernel counts CPU time in, 100 a second on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Reads /proc. @throws where there is no such process. */
export const usageOf = async (pid: number): Promise<Usage> => {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile(`/proc/${pid}/status`, "utf8"),
  ]);
  // Fields after the name, which is in parentheses and may hold blanks: utime and stime are the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    peakRssBytes: Number(kilobytes ?? 0) * 1_024,
  };
};
