/** What a partition does about a flood of dead letters: it writes none of them, holds, logs it, and decides the round again. */
import { PipelineError } from "../../errors.ts";
import type { Backoff } from "../../clock.ts";
import type { AttemptOnce } from "./attempts.ts";
import type { Decided, Flood } from "./flood.ts";

/** The code of {@link DeadLetterFlood}. */
export const deadLetterFlood = "DEAD_LETTER_FLOOD";

/** A larger share of the latest records would be dead-lettered than the limit: the cause is hardly the records. Holds its partition. */
export class DeadLetterFlood extends PipelineError {
  override readonly code = deadLetterFlood;
  override readonly disposition = "unavailable";
  constructor(deadLetters: number, records: number, why: string) {
    super(
      // What to do comes first: a reason may be long, and `/ready` cuts long texts.
      `${deadLetters} of ${records} records would be dead-lettered. The partition is held, and nothing was written of them; it ` +
        "goes on by itself once the cause is gone. Where the records are wrong, raise SLUICE_DEAD_LETTER_PERCENT. " +
        `Most lately: ${why}`,
    );
  }
}

/** Between attempts at a round that was a flood: the whole round is decided again, and an operator has to act. */
export const floodBackoff: Backoff = { initialMs: 5_000, maxMs: 60_000 };

/** A decided round, before any of it is handed to the producer. */
export interface DecidedRound extends Decided {
  /** The last reason, in words. */
  readonly why: string;
}

/**
 * Decides a round until it is no flood. A round that is decided again repeats what it did: good records come to the same
 * outcomes, and compensated effects are made and compensated again. @throws Error what the deciding throws when its attempts
 * are exhausted: the flooded decision is never returned.
 */
export const guardFlood = async <R extends DecidedRound>(
  flood: Flood,
  attempt: AttemptOnce,
  decide: () => Promise<R>,
): Promise<R> => {
  const first = await decide();
  const decided = flood.wouldBe(first) ? await decideAgain(flood, attempt, first, decide) : first;
  flood.add(decided);
  return decided;
};

const decideAgain = <R extends DecidedRound>(
  flood: Flood,
  attempt: AttemptOnce,
  first: R,
  decide: () => Promise<R>,
): Promise<R> => {
  // The first attempt fails with the decision there is, which begins the hold; each later one decides anew.
  let decided: R | undefined = first;
  return attempt("dead letters", async () => {
    const latest = decided ?? (await decide());
    decided = undefined;
    const { deadLetters, records, unknownIds = [], why } = latest;
    if (flood.wouldBe(latest))
      throw new DeadLetterFlood(deadLetters + unknownIds.length, records + unknownIds.length, why);
    return latest;
  });
};
