/** The port to replays and discarded letters, and to the lock that lets one change of a topology's letters run at a time. Adapters: stores/mysql/operations, testing/memory-replays.ts. */
import type { NewOperation } from "../../deploy/deployments.ts";
import type { Origin } from "../../worker/round/letter-headers.ts";
import type { JobState, NewJob, ReplayJob } from "./job.ts";

/** The lock was lost while it was needed: its connection ended, or another runner took the job. */
export class ReplayLockLost extends Error {
  readonly code = "REPLAY_LOCK_LOST";
  constructor(why: string) {
    super(`this runner may not go on: ${why}; what is sent stays sent`);
  }
}

/** What only the process that has a topology's lock may do. */
export interface ReplayLock {
  /** Writes the operation down; answers its number. @throws ReplayLockLost */
  readonly begin: (operation: NewOperation) => Promise<number>;
  /** Writes down how it ended. Idempotent: the first result stays. */
  readonly end: (operation: number, result: string) => Promise<void>;
  /**
   * Writes a job down, with runner epoch 1. Jobs of the topology that are still `running` had runners that are gone: they
   * become `interrupted`, and their epochs rise. @throws ReplayLockLost
   */
  readonly create: (job: NewJob) => Promise<void>;
  /** Makes this process the job's runner; answers its epoch. @throws ReplayLockLost */
  readonly takeOver: (job: string) => Promise<number>;
  /** To be called before each batch: answers the job's state. @throws ReplayLockLost where the lock or the epoch is another's */
  readonly prove: (job: string, epoch: number) => Promise<JobState>;
  /** Changes a job from `running` to another state; nothing where it is not running any more, or has another epoch. Idempotent. */
  readonly settle: (job: string, epoch: number, state: JobState) => Promise<void>;
  /** Marks letters as discarded; answers how many were not before. Idempotent. @throws ReplayLockLost */
  readonly discard: (origins: readonly Origin[], operation: number) => Promise<number>;
  /** Takes marks back; answers how many there were. Idempotent. @throws ReplayLockLost */
  readonly restore: (origins: readonly Origin[]) => Promise<number>;
}

/** Replays and discarded letters. Everything throws Unavailable while the store is away. */
export interface Replays {
  /** Discarded letters of a topology. */
  readonly discards: (topology: string) => Promise<readonly Origin[]>;
  /** Jobs of a topology, newest first, at most `limit` (1 to 1,000). */
  readonly jobs: (topology: string, limit: number) => Promise<readonly ReplayJob[]>;
  /** The job whose id begins so; undefined where there is none or more than one, and for an empty text. */
  readonly job: (id: string) => Promise<ReplayJob | undefined>;
  /** Whether somebody has the lock of a topology. */
  readonly isLocked: (topology: string) => Promise<boolean>;
  /**
   * Pauses or cancels a job; its runner sees it before its next batch. False where it has finished or was cancelled. Without
   * the lock, because the runner has it. Writes an operation.
   */
  readonly ask: (job: string, state: "paused" | "cancelled", operation: NewOperation) => Promise<boolean>;
  /** Runs `work` under a topology's lock, after waiting up to `waitMs`; undefined where another process had it all the time. */
  readonly locked: <T>(
    topology: string,
    waitMs: number,
    work: (lock: ReplayLock) => Promise<T>,
  ) => Promise<{ readonly value: T } | undefined>;
}

/** Replays that are open, until they are closed. */
export interface OpenReplays {
  readonly replays: Replays;
  readonly close: () => Promise<void>;
}
