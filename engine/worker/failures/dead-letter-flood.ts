/** What a partition does about a flood of dead letters: it writes none of them, holds, says so, and tries the round again. */
import { PipelineError } from "../../errors.ts";
import type { Call } from "../../interpreter/interpret.ts";
import type { Backoff } from "../../clock.ts";
import type { Flood } from "./flood.ts";

/** The code of {@link DeadLetterFlood}. */
export const deadLetterFlood = "DEAD_LETTER_FLOOD";

/** So large a share of the latest records would be dead-lettered that the cause is hardly the records. Holds its partition. */
export class DeadLetterFlood extends PipelineError {
  override readonly code = deadLetterFlood;
  override readonly disposition = "unavailable";
  constructor(deadLetters: number, records: number, why: string) {
    super(
      `${deadLetters} of ${records} records would be dead-lettered, most lately: ${why}. The partition is held, and nothing was ` +
        "written of them; it goes on by itself once the cause is gone. Where the records are wrong, raise SLUICE_DEAD_LETTER_PERCENT.",
    );
  }
}

/** Between attempts at a round that was a flood: it is the whole round again, and people have to act. */
export const floodBackoff: Backoff = { initialMs: 5_000, maxMs: 60_000 };

/** A decided round, before any of it is handed to the producer. */
export interface DecidedRound {
  readonly records: number;
  readonly deadLetters: number;
  /** The last reason, in words. */
  readonly why: string;
}

/**
 * Decides a round until it is no flood. What a round did is done again with it: good records come to the same outcomes,
 * and what was undone is taken and undone again.
 */
export const decideUnlessFlood = async <R extends DecidedRound>(
  flood: Flood,
  attempt: (call: Call<R>) => Promise<readonly unknown[]>,
  decide: () => Promise<R>,
): Promise<R> => {
  let decided = await decide();
  const check = (): void => {
    if (!flood.wouldBe(decided)) return;
    throw new DeadLetterFlood(decided.deadLetters, decided.records, decided.why);
  };
  if (flood.wouldBe(decided)) {
    let again = false;
    const run = async (): Promise<readonly R[]> => {
      if (again) decided = await decide();
      again = true;
      check();
      return [];
    };
    await attempt({ name: "dead letters", items: [], run });
  }
  flood.add(decided);
  return decided;
};
