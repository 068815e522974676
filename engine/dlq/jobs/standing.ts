/** How far a job is, from what was read of its topology: for commands that look at it without running it. Pure. */
import { attemptKey } from "../letters/letter.ts";
import { isOfKind } from "../letters/select.ts";
import { isDecided, type Retry, type Standing } from "../letters/state.ts";
import type { ReplayJob } from "./job.ts";

/** How far a job is, in letters. */
export interface Progress {
  readonly sent: number;
  /** Retry records beside the first of each letter: an append that was not answered, and took effect after all. */
  readonly copies: number;
  /** Decided, without a letter of a later attempt. */
  readonly resolved: number;
  readonly failedAgain: number;
  readonly pending: number;
  /** Letters that came after the job began and are not of it. */
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
): Progress => {
  const failed = new Set(
    standings.flatMap(({ letter, state: own }) => (own === "failed-again" ? [attemptKey(letter)] : [])),
  );
  const finishedJobs = new Set(state === "finished" ? [id] : []);
  const own = retries.filter(({ job }) => job === id);
  const sent = new Map<string, boolean>();
  // Decided once is decided: of copies, whichever came first.
  for (const retry of own)
    sent.set(attemptKey(retry), sent.get(attemptKey(retry)) === true || isDecided(retry, { committed, finishedJobs }));
  const failedAgain = [...sent.keys()].filter((key) => failed.has(key)).length;
  const decided = [...sent].filter(([key, isIt]) => isIt || failed.has(key)).length;
  const isMeant = isOfKind(document.selection);
  const isNew = ({ letter }: Standing): boolean =>
    letter.attempt === 1 &&
    letter.place.offset >= BigInt(document.letterEnds[letter.place.partition] ?? 0) &&
    isMeant(letter);
  return {
    sent: sent.size,
    copies: own.length - sent.size,
    resolved: decided - failedAgain,
    failedAgain,
    pending: sent.size - decided,
    newMeanwhile: standings.filter(isNew).length,
  };
};
