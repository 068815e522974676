/** How far a job is, from what was read of its topology: for commands that look at it without running it. Pure. */
import { originKey } from "../letters/letter.ts";
import { isDecided, type Retry, type Standing } from "../letters/state.ts";
import type { ReplayJob } from "./job.ts";

/** How far a job is, in letters. */
export interface JobStanding {
  readonly sent: number;
  readonly copies: number;
  readonly resolved: number;
  readonly failedAgain: number;
  readonly pending: number;
  /** First attempts of letters that came after the job began. */
  readonly newMeanwhile: number;
}

/** What was read. */
export interface JobFacts {
  readonly standings: readonly Standing[];
  readonly retries: readonly Retry[];
  readonly committed: readonly (bigint | undefined)[];
}

/** How far a job is. */
export const jobStanding = (
  { id, state, document }: Pick<ReplayJob, "id" | "state" | "document">,
  { standings, retries, committed }: JobFacts,
): JobStanding => {
  const attemptOf = (of: Pick<Retry, "origin" | "attempt">): string => `${originKey(of.origin)}#${of.attempt}`;
  const failed = new Set(
    standings.flatMap(({ letter, state: own }) => (own === "failed-again" ? [attemptOf(letter)] : [])),
  );
  const finishedJobs = new Set(state === "finished" ? [id] : []);
  const own = retries.filter(({ job }) => job === id);
  const sent = new Map<string, boolean>();
  // Decided once is decided: of copies, whichever came first.
  for (const retry of own)
    sent.set(attemptOf(retry), sent.get(attemptOf(retry)) === true || isDecided(retry, { committed, finishedJobs }));
  const failedAgain = [...sent.keys()].filter((key) => failed.has(key)).length;
  const decided = [...sent].filter(([key, isIt]) => isIt || failed.has(key)).length;
  const isNew = ({ letter: { place, attempt } }: Standing): boolean =>
    attempt === 1 && place.offset >= BigInt(document.letterEnds[place.partition] ?? 0);
  return {
    sent: sent.size,
    copies: own.length - sent.size,
    resolved: decided - failedAgain,
    failedAgain,
    pending: sent.size - decided,
    newMeanwhile: standings.filter(isNew).length,
  };
};
