/** A replay as it is kept: what was meant, never how far it is. How far it is is read from the topics. */
import type { Selection } from "../letters/select.ts";
import type { PlaceRanges } from "../plan/ranges.ts";

/**
 * - `running`: a runner has it, or was killed while it had it.
 * - `interrupted`: its runner ended before it was done; `--resume` goes on. So does it with `paused`, and with `stopped`:
 *   too much failed again.
 * - `cancelled`: somebody ended it for good. `finished`: every letter it sent was decided.
 */
export type JobState = "running" | "interrupted" | "paused" | "stopped" | "cancelled" | "finished";

/** How fast a replay may be, and when it has to stop. */
export interface ReplayLimits {
  /** Letters a second, 1 to 100,000. */
  readonly rate: number;
  /** Letters of which everything has to be decided before the rest is sent; 0 for none. */
  readonly canary: number;
  /** Stops where more than this share of the latest 200 decided ones failed again, percent; 100 never stops. */
  readonly abortAtPercent: number;
  /** Waits while the source's own lag is above this, records. */
  readonly maxLag: number;
  /** Letters of more attempts are not sent. */
  readonly maxAttempts: number;
  /** Waits until everything that was sent is decided. */
  readonly wait: boolean;
}

/** The limits of a replay where none are given. */
export const defaultLimits: ReplayLimits = {
  rate: 200,
  canary: 20,
  abortAtPercent: 20,
  maxLag: 10_000,
  maxAttempts: 3,
  wait: true,
};

/** What a replay was started with: plain JSON. */
export interface JobDocument {
  readonly version: 1;
  readonly selection: Selection;
  /** Where the letters to send stand among the dead letters. */
  readonly letters: PlaceRanges;
  /** How many they are. */
  readonly count: number;
  /** Where the dead letters ended, by partition, as texts: what fails again is behind it, and never sent by this job. */
  readonly letterEnds: readonly string[];
  /** Where the retry topic ended: every record of this job is behind it. */
  readonly retryEnds: readonly string[];
  readonly limits: ReplayLimits;
  /** `<file>#<function>` that makes another value of each; absent where letters are sent as they are. */
  readonly transform?: string;
}

/** A replay. */
export interface ReplayJob {
  readonly id: string;
  readonly topology: string;
  readonly document: JobDocument;
  readonly state: JobState;
  /** Rises with each runner. */
  readonly runnerEpoch: number;
  /** Of the operation that started it: its number, who, why and when (epoch ms). */
  readonly operation: number;
  readonly actor: string;
  readonly reason: string | null;
  readonly startedAt: number;
}

/** A replay before it begins. Its id is a UUID. */
export type NewJob = Pick<ReplayJob, "id" | "document" | "operation">;

/** Whether a runner may go on with a job in this state. */
export const isResumable = (state: JobState): boolean => state !== "cancelled" && state !== "finished";
