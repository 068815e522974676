/** Whether a process can do its work now, and if not, why. */
import type { AccessRefused } from "./errors.ts";

/**
 * What can make a process unready, for alerts: a closed set, since it is a label of `sluice_not_ready`. The words beside a
 * code say which dependency, which call, and for how long.
 */
export const readinessCodes = {
  NOT_ASSIGNED: "the group has assigned no partitions yet",
  DEPENDENCY_AWAY: "something that is needed has been away for longer than `SLUICE_HOLD_GRACE_MS`",
  ACCESS_REFUSED: "a server refuses our user: a password, a right or an account that somebody has to set right",
  LOG_BEHIND: "the log does not acknowledge what was written, or does not keep up with it",
  LOG_REFUSES: "the log refuses what is written, for good",
  DEAD_LETTER_FLOOD: "too many records of a partition would be dead-lettered",
  UNKNOWN_SCHEMA: "a record names a schema that the registry has not",
  FENCED: "another worker has the lease of a partition",
  HELD: "calls wait for something else, whose code is in the words",
  STALLED: "a call gives no answer",
  NO_KEYS: "no token can be verified yet",
  STARTING: "it has not reached what it needs yet",
  STOPPING: "it was told to stop",
} as const;

/** A code of {@link readinessCodes}. */
export type ReadinessCode = keyof typeof readinessCodes;

/** One reason: its code, and a sentence for people. */
export interface Unready {
  readonly code: ReadinessCode;
  readonly why: string;
}

/** What `/ready` answers: 200 where `ok`, otherwise 503 with the reasons, one sentence each, and their codes, each once. */
export interface Readiness {
  readonly ok: boolean;
  readonly why: readonly string[];
  readonly codes: readonly ReadinessCode[];
  /** What it does its work without, one sentence each; absent where nothing is missing. It is no reason to be unready. */
  readonly degraded?: readonly string[];
}

/** Ready where there is no reason not to be. */
export const readinessOf = (reasons: readonly Unready[], degraded: readonly string[] = []): Readiness => ({
  ok: reasons.length === 0,
  why: reasons.map(({ why }) => why),
  codes: [...new Set(reasons.map(({ code }) => code))],
  ...(degraded.length > 0 && { degraded }),
});

/** What is said of a server that refuses our user. */
export const refusedFor = ({ code, message }: AccessRefused, lasted: string): Unready => ({
  code: "ACCESS_REFUSED",
  why: `${code} has lasted for ${lasted} (${message})`,
});

/** The code of a hold that has lasted too long: its own where it has one here. */
export const heldCode = (code: string): ReadinessCode => (isReadinessCode(code) ? code : "HELD");

const isReadinessCode = (code: string): code is ReadinessCode => Object.hasOwn(readinessCodes, code);
