/** Replays in memory. */
import type { NewOperation } from "../../deploy/deployments.ts";
import { type JobState, isResumable, type ReplayJob } from "../jobs/job.ts";
import { type ReplayLock, ReplayLockLost, type Replays } from "../jobs/replays.ts";
import { originKey } from "../letters/letter.ts";
import type { Origin } from "../../worker/round/letter-headers.ts";

/** {@link Replays} of one process, open to a test. */
export interface MemoryReplays extends Replays {
  /** As if the connection of whoever has the lock of a topology ended. */
  readonly loseLock: (topology: string) => void;
  /** Thrown by every call, while it is set: the store is away. */
  failure: Error | undefined;
  readonly operations: (NewOperation & { readonly number: number; result: string | null })[];
}

/** Without any job. */
export const memoryReplays = (): MemoryReplays => {
  const jobs: ReplayJob[] = [];
  const discarded = new Map<string, Map<string, Origin>>();
  const owners = new Map<string, symbol>();
  const operations: MemoryReplays["operations"] = [];
  const discardsOf = (topology: string): Map<string, Origin> => {
    const known = discarded.get(topology) ?? new Map<string, Origin>();
    discarded.set(topology, known);
    return known;
  };
  const change = (id: string, to: (job: ReplayJob) => ReplayJob): boolean => {
    const at = jobs.findIndex((job) => job.id === id);
    const before = jobs[at];
    if (before === undefined) return false;
    jobs[at] = to(before);
    return true;
  };
  const begin = (operation: NewOperation): number =>
    operations.push({ ...operation, number: operations.length + 1, result: null });
  const up = async (): Promise<void> => {
    if (replays.failure !== undefined) throw replays.failure;
  };

  const lockOf = (topology: string, me: symbol): ReplayLock => {
    const confirm = async (): Promise<void> => {
      await up();
      if (owners.get(topology) !== me) throw new ReplayLockLost("its lock is gone");
    };
    const runs = (id: string, epoch: number): ReplayJob | undefined =>
      jobs.find((job) => job.id === id && job.runnerEpoch === epoch);
    return {
      begin: async (operation) => {
        await confirm();
        return begin(operation);
      },
      end: async (number, result) => {
        await up();
        const operation = operations.find((one) => one.number === number);
        if (operation !== undefined) operation.result ??= result;
      },
      create: async ({ id, document, operation }) => {
        await confirm();
        for (const job of jobs.filter((one) => one.topology === topology && one.state === "running"))
          change(job.id, (one) => ({ ...one, state: "interrupted", runnerEpoch: one.runnerEpoch + 1 }));
        const { actor = "", reason = null } = operations[operation - 1] ?? {};
        const about = { actor, reason, startedAt: operation };
        jobs.push({ id, topology, document, operation, state: "running", runnerEpoch: 1, ...about });
      },
      takeOver: async (id) => {
        await confirm();
        change(id, (job) => ({ ...job, state: "running", runnerEpoch: job.runnerEpoch + 1 }));
        return jobs.find((job) => job.id === id)?.runnerEpoch ?? 0;
      },
      prove: async (id, epoch): Promise<JobState> => {
        await confirm();
        const job = runs(id, epoch);
        if (job === undefined) throw new ReplayLockLost("another runner took the job");
        return job.state;
      },
      settle: async (id, epoch, state) => {
        await up();
        if (runs(id, epoch)?.state === "running") change(id, (job) => ({ ...job, state }));
      },
      discard: async (origins) => {
        await confirm();
        const known = discardsOf(topology);
        const before = known.size;
        for (const origin of origins) known.set(originKey(origin), origin);
        return known.size - before;
      },
      restore: async (origins) => {
        await confirm();
        return origins.filter((origin) => discardsOf(topology).delete(originKey(origin))).length;
      },
    };
  };

  const replays: MemoryReplays = {
    failure: undefined,
    operations,
    discards: async (topology) => {
      await up();
      return [...discardsOf(topology).values()];
    },
    jobs: async (topology, limit) => {
      await up();
      return jobs
        .filter((job) => job.topology === topology)
        .toReversed()
        .slice(0, limit);
    },
    job: async (id) => {
      await up();
      const found = jobs.filter((job) => id !== "" && job.id.startsWith(id));
      return found.length === 1 ? found[0] : undefined;
    },
    isLocked: async (topology) => owners.has(topology),
    ask: async (id, state, operation) => {
      await up();
      const job = jobs.find((one) => one.id === id);
      if (job === undefined || !isResumable(job.state)) return false;
      begin(operation);
      return change(id, (one) => ({ ...one, state }));
    },
    locked: async (topology, waitMs, work) => {
      await up();
      const deadline = performance.now() + waitMs;
      while (owners.has(topology)) {
        if (performance.now() >= deadline) return undefined;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const me = Symbol("runner");
      owners.set(topology, me);
      try {
        return { value: await work(lockOf(topology, me)) };
      } finally {
        if (owners.get(topology) === me) owners.delete(topology);
      }
    },
    loseLock: (topology) => owners.delete(topology),
  };
  return replays;
};
