/**
 * Which offsets of one partition are finished. Pure and synchronous: every change is one function call, so no two
 * of them can interleave. Gaps in offsets (compaction, transaction markers) need no care: only what was read is known.
 */

/** One record's place in the ledger. */
export interface Entry {
  readonly finished: boolean;
}

/** An entry as the ledger has it: thousands wait, so its numbers count from the first one's, as which they need no object each. */
interface Placed {
  readonly offsetDelta: number;
  readonly atDeltaMs: number | undefined;
  finished: boolean;
}

/** The ledger of one partition, for one assignment of it. */
export interface Ledger {
  /**
   * Enters a record that was read, with when the log took it, epoch ms, where that is known.
   * @throws OffsetNotAscending where it does not come after the last one.
   */
  readonly register: (offset: bigint, atMs?: number) => Entry;
  /** Marks a record finished: its path has ended and all it produced is acknowledged. Idempotent. */
  readonly finish: (entry: Entry) => void;
  /**
   * The next offset to read after a restart: the lowest unfinished one, or one past the last where all are finished;
   * undefined while nothing has been read.
   */
  readonly committable: () => bigint | undefined;
  /** Records entered and not finished. */
  readonly unfinished: () => number;
  /** When the log took the first unfinished record, epoch ms; undefined where there is none, or nobody said. */
  readonly firstUnfinishedAtMs: () => number | undefined;
  /** Entries in memory: never more than some times what is unfinished, however long the lowest one stays so. */
  readonly kept: () => number;
}

/** Below so many entries nothing is gained by dropping some. */
const compactedFrom = 1_024;

/** An offset came twice or out of order: a mistake of the ledger's caller. */
export class OffsetNotAscending extends Error {
  readonly code = "OFFSET_NOT_ASCENDING";
  constructor(offset: bigint, last: bigint) {
    super(`offset ${offset} was registered after ${last}; offsets of a partition must ascend`);
  }
}

const isUnfinished = ({ finished }: Placed): boolean => !finished;

/** An empty ledger. */
export const createLedger = (): Ledger => {
  // In offset order, unfinished at `head`; those before it are finished and dropped in bulk, as are those behind it.
  let entries: Placed[] = [];
  let [firstOffset, firstAtMs] = [0n, 0];
  let head = 0;
  let unfinished = 0;
  let last: bigint | undefined;

  const dropFinished = (): void => {
    while (head < entries.length && entries[head]?.finished) head++;
    // Amortised: each entry is moved at most once for every entry dropped. Behind one that is held for hours, the others come and go.
    if (entries.length > compactedFrom && unfinished * 2 < entries.length) {
      entries = entries.filter(isUnfinished);
      head = 0;
    }
  };

  return {
    register: (offset, atMs) => {
      if (last !== undefined && offset <= last) throw new OffsetNotAscending(offset, last);
      if (last === undefined) [firstOffset, firstAtMs] = [offset, atMs ?? 0];
      const offsetDelta = Number(offset - firstOffset);
      const entry = { offsetDelta, atDeltaMs: atMs === undefined ? undefined : atMs - firstAtMs, finished: false };
      entries.push(entry);
      last = offset;
      unfinished++;
      return entry;
    },
    finish: (entry) => {
      // Every Entry was made by `register` above.
      const own = entry as Placed;
      if (own.finished) return;
      own.finished = true;
      unfinished--;
      dropFinished();
    },
    committable: () => {
      const first = entries[head];
      if (first !== undefined) return firstOffset + BigInt(first.offsetDelta);
      return last === undefined ? undefined : last + 1n;
    },
    unfinished: () => unfinished,
    firstUnfinishedAtMs: () => {
      const atDeltaMs = entries[head]?.atDeltaMs;
      return atDeltaMs === undefined ? undefined : firstAtMs + atDeltaMs;
    },
    kept: () => entries.length,
  };
};
