/** How far a feed is behind the end of its partition, in records and in time. Pure: what is known is told to it. */
import type { Position } from "../../log/log.ts";
import type { Ledger } from "./ledger.ts";

/** The lag of one feed. */
export interface FeedLag {
  /** Records up to before `next` were entered, when the partition ended at `end`. */
  readonly fetched: (position: Position, nowMs: number) => void;
  /** The log was asked where the feed stands: the answer counts more than what a fetch says, which knows no transactions. */
  readonly measured: (position: Position, nowMs: number) => void;
  /** From the first unfinished record to the end, as of what was told last; what cannot be delivered in between counts too. */
  readonly records: () => number;
  /**
   * Age of the first unfinished record, ms. Where that one is not fetched yet, its time is not known: then it is as old as
   * the feed is known to be behind. 0 where there is none.
   */
  readonly ageMs: (nowMs: number) => number;
}

/** The lag of a feed that nothing is known of yet. */
export const createFeedLag = (ledger: Pick<Ledger, "committable" | "unfinished" | "firstUnfinishedAtMs">): FeedLag => {
  let [next, end] = [0n, 0n];
  let isMeasured = false;
  let behindSinceMs: number | undefined;
  const records = (): number => {
    const from = ledger.unfinished() > 0 ? (ledger.committable() ?? next) : next;
    // What was fetched after the end was asked for is behind that end.
    return Math.max(0, Number((end > next ? end : next) - from));
  };
  const see = (nowMs: number): void => {
    if (records() === 0) behindSinceMs = undefined;
    else behindSinceMs ??= nowMs;
  };
  return {
    fetched: (position, nowMs) => {
      next = position.next;
      if (!isMeasured) end = position.end;
      see(nowMs);
    },
    measured: (position, nowMs) => {
      isMeasured = true;
      if (position.next > next) next = position.next;
      end = position.end;
      see(nowMs);
    },
    records,
    ageMs: (nowMs) => {
      if (records() === 0) return 0;
      const sinceMs = ledger.unfinished() > 0 ? ledger.firstUnfinishedAtMs() : undefined;
      return Math.max(0, nowMs - (sinceMs ?? behindSinceMs ?? nowMs));
    },
  };
};
