/** Whether a process can do its work now, and if not, why. */

/** What `/ready` answers: 200 where `ok`, otherwise 503 with the reasons, one sentence each. */
export interface Readiness {
  readonly ok: boolean;
  readonly why: readonly string[];
}

/** Ready where there is no reason not to be. */
export const readinessOf = (why: readonly string[]): Readiness => ({ ok: why.length === 0, why });
