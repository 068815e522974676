/** Deployments in memory. */
import { ApplyLockLost, type ApplyLock, type Deployment, type Deployments, type Operation } from "../deployments.ts";

/** {@link Deployments} of one process, and how a test takes the lock away. */
export interface MemoryDeployments extends Deployments {
  /** As if the connection of whoever has the lock ended. */
  readonly loseLock: () => void;
}

/** Without any deployment, and with these migrations pending. */
export const memoryDeployments = (migrations: readonly string[] = []): MemoryDeployments => {
  const deployments: Deployment[] = [];
  const operations: Operation[] = [];
  let pending = migrations;
  let owner: symbol | undefined;
  let now = 1_000;
  const lockOf = (me: symbol): ApplyLock => {
    const confirm = async (): Promise<void> => {
      if (owner !== me) throw new ApplyLockLost();
    };
    return {
      confirm,
      begin: async ({ actor, host, verb, reason }) => {
        await confirm();
        const number = operations.length + 1;
        operations.push({ number, actor, host, verb, reason, startedAt: now++, endedAt: null, result: null });
        return number;
      },
      end: async (number, result) => {
        const at = operations.findIndex((one) => one.number === number && one.endedAt === null);
        const before = operations[at];
        if (before !== undefined) operations[at] = { ...before, endedAt: now++, result };
      },
      record: async (deployment) => {
        await confirm();
        deployments.push({ ...deployment, number: deployments.length + 1, deployedAt: now++ });
        return deployments.length;
      },
    };
  };
  return {
    recorded: true,
    latest: async () => deployments.at(-1),
    numbered: async (number) => deployments[number - 1],
    accepted: async (topology) => {
      const last = deployments.at(-1);
      const declared = last?.document.topologies[topology];
      if (last === undefined || declared === undefined) return undefined;
      return {
        deployment: last.number,
        hash: declared.hash,
        beside: last.besides[topology] ?? null,
        group: declared.group,
      };
    },
    operations: async (limit) => operations.toReversed().slice(0, limit),
    pendingMigrations: async () => pending,
    migrate: async () => {
      const made = pending;
      pending = [];
      return made;
    },
    locked: async (waitMs, work) => {
      const deadline = performance.now() + waitMs;
      while (owner !== undefined) {
        if (performance.now() >= deadline) return undefined;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const me = Symbol("apply");
      owner = me;
      try {
        return { value: await work(lockOf(me)) };
      } finally {
        if (owner === me) owner = undefined;
      }
    },
    loseLock: () => {
      owner = undefined;
    },
  };
};
