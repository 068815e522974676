/** The list of processes in memory. */
import { type ListedProcess, mostListed, type ProcessEntry, processKeptMs, type Processes } from "../processes.ts";

/** {@link Processes} of one process, whose time a test moves. */
export interface MemoryProcesses extends Processes {
  /** Lets time pass, ms. */
  readonly pass: (ms: number) => void;
  /** Thrown by every call while it is there. */
  failure: Error | undefined;
}

/** An empty list. */
export const memoryProcesses = (): MemoryProcesses => {
  const rows = new Map<string, ProcessEntry & { readonly startedAt: number; readonly beatAt: number }>();
  let now = 1_000;
  const answering = <T>(answer: () => T): Promise<T> =>
    own.failure === undefined ? Promise.resolve(answer()) : Promise.reject(own.failure);
  const own: MemoryProcesses = {
    failure: undefined,
    pass: (ms) => {
      now += ms;
    },
    beat: (entry) =>
      answering(() => {
        rows.set(entry.id, { ...entry, startedAt: rows.get(entry.id)?.startedAt ?? now, beatAt: now });
        for (const [id, { beatAt }] of rows) if (now - beatAt > processKeptMs) rows.delete(id);
      }),
    leave: (id) => answering(() => void rows.delete(id)),
    list: () =>
      answering((): readonly ListedProcess[] =>
        [...rows.values()]
          .toSorted((a, b) => b.beatAt - a.beatAt)
          .slice(0, mostListed)
          .map(({ beatAt, ...row }) => ({ ...row, silentMs: now - beatAt })),
      ),
  };
  return own;
};
