/** The port to what was deployed, by whom and when, and to the lock that lets one apply at a time. Adapters: stores/mysql/operations, testing/memory-deployments.ts. */
import type { Desired } from "./plan/desired.ts";

/** What was applied, as it is kept. */
export interface Deployment {
  /** Rises by one with each deployment, from 1. */
  readonly number: number;
  readonly clusterId: string;
  readonly document: Desired;
  /** By topology: the hash that was accepted beside the declared one, null where there was none. */
  readonly besides: Readonly<Record<string, string | null>>;
  /** Who applied it. */
  readonly actor: string;
  /** Epoch ms, by the store's clock. */
  readonly deployedAt: number;
}

/** A deployment to be kept; number and time are the store's. */
export type NewDeployment = Omit<Deployment, "number" | "deployedAt">;

/** The graphs of a topology that may run. */
export interface AcceptedGraphs {
  readonly deployment: number;
  readonly hash: string;
  /** The graph before, while old and new workers may run side by side. */
  readonly beside: string | null;
  /** The consumer group that runs it. */
  readonly group: string;
}

/** An operation before it begins: who does what, and why. */
export interface NewOperation {
  readonly actor: string;
  readonly host: string;
  /** `topology apply`, `topology rollback`. */
  readonly verb: string;
  readonly reason: string | null;
  /** What was planned, as JSON. */
  readonly document: unknown;
}

/** A row of the audit log. */
export interface Operation extends Omit<NewOperation, "document"> {
  readonly number: number;
  /** Epoch ms, by the store's clock. */
  readonly startedAt: number;
  /** Null where it has not ended: it is at work, or it was killed. */
  readonly endedAt: number | null;
  /** How it ended: `applied`, or the code of what stopped it. */
  readonly result: string | null;
}

/** The lock was lost while it was needed: its connection ended. Another apply may be at work. */
export class ApplyLockLost extends Error {
  readonly code = "APPLY_LOCK_LOST";
  constructor() {
    super("the lock of this apply was lost with its connection to the database; what is done stays done");
  }
}

/** What only the process that has the lock may do. */
export interface ApplyLock {
  /** To be called before each step. @throws ApplyLockLost */
  readonly confirm: () => Promise<void>;
  /** Writes the operation down, before its first step; answers its number. @throws ApplyLockLost */
  readonly begin: (operation: NewOperation) => Promise<number>;
  /** Writes down how it ended. Idempotent: the first result stays. */
  readonly end: (operation: number, result: string) => Promise<void>;
  /** Makes a deployment the last one, all of it or nothing; answers its number. @throws ApplyLockLost */
  readonly record: (deployment: NewDeployment) => Promise<number>;
}

/** Deployments and the audit log. Everything throws Unavailable while the store is away. */
export interface Deployments {
  /** Whether deployments are recorded. Where they are not, everything is applied all the same. */
  readonly recorded: boolean;
  /** The last deployment; undefined where there is none, or no table for it yet. */
  readonly latest: () => Promise<Deployment | undefined>;
  /** A deployment by its number; undefined where there is none. */
  readonly numbered: (number: number) => Promise<Deployment | undefined>;
  /** What may run of a topology; undefined where it was never deployed. */
  readonly accepted: (topology: string) => Promise<AcceptedGraphs | undefined>;
  /** The newest operations, newest first, at most `limit` (1 to 1,000). */
  readonly operations: (limit: number) => Promise<readonly Operation[]>;
  /** Changes of tables that are not made yet, by name. Changes nothing. */
  readonly pendingMigrations: () => Promise<readonly string[]>;
  /** Makes them. Idempotent. */
  readonly migrate: () => Promise<readonly string[]>;
  /**
   * Runs `work` under the lock, after waiting up to `waitMs` for it; undefined where another process had it all the time.
   * The lock ends with its process.
   */
  readonly locked: <T>(
    waitMs: number,
    work: (lock: ApplyLock) => Promise<T>,
  ) => Promise<{ readonly value: T } | undefined>;
}

/** Deployments that are open, until they are closed. */
export interface OpenDeployments {
  readonly deployments: Deployments;
  readonly close: () => Promise<void>;
}
