/**
 * The queue of one partition, and how rounds are taken from it: everything queued whose key is not in flight, in
 * offset order. So a key is in at most one round at a time, but for one that was taken ahead and waits for its turn (turns.ts);
 * a hot key fills a round by itself, and a thousand cold keys share one; there is no timer, because the queue that builds up
 * while one round runs is the next round.
 */

/** What can be queued: it has a lane, and a size. */
export interface Queued {
  /** Records of one lane run in order. */
  readonly lane: string;
  readonly sizeBytes: number;
}

/** The queue of one partition. */
export interface Lanes<T extends Queued> {
  /** Queues behind what is queued. */
  readonly add: (records: readonly T[]) => void;
  /**
   * Takes the next round, at most `maxRound` records and `maxBytes`, though one record at least; empty where every queued lane
   * is in flight. Its lanes are in flight from now on.
   */
  readonly take: (maxRound: number, maxBytes?: number) => readonly T[];
  /** The round is past what may run ahead: of its lanes a second one may be taken. To be called once a round. */
  readonly pass: (round: readonly T[]) => void;
  /**
   * Takes the round behind this one, of its lanes alone: one that is stuck holds up no other's. Empty where that one is not past
   * what may run ahead, or has one behind it, or where it would have fewer than `minRound` records.
   */
  readonly takeAhead: (behind: readonly T[], limits: AheadLimits) => readonly T[];
  /** Whether no lane of a round that was taken ahead has another one before it any more. */
  readonly isFirst: (round: readonly T[]) => boolean;
  /** Ends a round's hold on its lanes. */
  readonly release: (round: readonly T[]) => void;
  /** Keeps a lane out of rounds from now on; answers whether it is free already, or in flight for a while yet. */
  readonly close: (lane: string) => boolean;
  /** Ends a `close`. */
  readonly open: (lane: string) => void;
  /** Keeps a lane out of rounds, whether it is closed or not. */
  readonly hold: (lane: string) => void;
  /** Ends a `hold`. */
  readonly letGo: (lane: string) => void;
  /** The lanes that were in flight since this was asked last. */
  readonly touched: () => ReadonlySet<string>;
  readonly queuedRecords: () => number;
  /** Those of them that wait behind a `hold`. Looks at each that is queued, where there is one. */
  readonly heldRecords: () => number;
  /** Lanes in flight. */
  readonly busyLanes: () => number;
}

/** How a round is taken ahead. */
export interface AheadLimits {
  readonly minRound: number;
  readonly maxRound: number;
  readonly maxBytes: number;
  /** No further round may begin: one ahead would take the place of what is free and has waited longer. */
  readonly isFull: boolean;
}

/** Where the round of a lane in flight is: it has begun, it is past what may run ahead, or a second one has begun behind it. */
type RoundOfLane = "begun" | "passed" | "followed";

/** An empty queue. Remembers which lanes were touched only where somebody will ask: they are kept until then. */
export const createLanes = <T extends Queued>({ remember }: { readonly remember: boolean }): Lanes<T> => {
  let queue: T[] = [];
  // True when a scan found nothing to take and nothing has changed since: a full queue is not scanned for each record.
  let blocked = false;
  const busy = new Map<string, RoundOfLane>();
  const closed = new Set<string>();
  const held = new Set<string>();
  let touched = new Set<string>();
  const isKeptOut = (lane: string): boolean => isIn(closed, lane) || isIn(held, lane);
  const isKept = (lane: string): boolean => busy.has(lane) || isKeptOut(lane);
  // The lanes of the round that one is taken behind; here, so that what looks at each record is made once, and not for each round.
  let own: ReadonlySet<string> = new Set();
  const mayFollow = (lane: string): boolean => own.has(lane) && busy.get(lane) === "passed" && !isKeptOut(lane);
  const mayNotFollow = (lane: string): boolean => !mayFollow(lane);

  return {
    add: (records) => {
      if (records.length === 0) return;
      // One by one: a delivery may have more records than a call may have arguments (about 125,000).
      for (const record of records) queue.push(record);
      blocked = false;
    },
    take: (maxRound, maxBytes = Number.POSITIVE_INFINITY) => {
      if (blocked || queue.length === 0) return [];
      const { round, rest } = split(queue, isKept, { maxRound, maxBytes });
      if (round.length === 0) {
        blocked = true;
        return round;
      }
      queue = rest;
      for (const { lane } of round) {
        busy.set(lane, "begun");
        if (remember) touched.add(lane);
      }
      return round;
    },
    pass: (round) => {
      for (const { lane } of round) busy.set(lane, "passed");
    },
    takeAhead: (behind, { minRound, maxRound, maxBytes, isFull }) => {
      if (queue.length < minRound) return [];
      own = lanesOf(behind);
      if (isFull && isFreeBefore(queue, mayFollow, isKept)) return [];
      const { round, rest } = split(queue, mayNotFollow, { maxRound, maxBytes });
      if (round.length < minRound) return [];
      queue = rest;
      for (const { lane } of round) {
        busy.set(lane, "followed");
        if (remember) touched.add(lane);
      }
      return round;
    },
    isFirst: (round) => {
      for (const { lane } of round) if (busy.get(lane) === "followed") return false;
      return true;
    },
    release: (round) => {
      // A lane is there once for each of its records: only the first may end the hold, or it would end that of the next round.
      for (const lane of lanesOf(round)) {
        if (busy.get(lane) === "followed") busy.set(lane, "begun");
        else busy.delete(lane);
      }
      blocked = false;
    },
    close: (lane) => {
      closed.add(lane);
      return !busy.has(lane);
    },
    open: (lane) => {
      closed.delete(lane);
      blocked = false;
    },
    hold: (lane) => void held.add(lane),
    letGo: (lane) => {
      held.delete(lane);
      blocked = false;
    },
    touched: () => {
      const lanes = touched;
      touched = new Set();
      return lanes;
    },
    queuedRecords: () => queue.length,
    heldRecords: () => (held.size === 0 ? 0 : queue.reduce((sum, { lane }) => (held.has(lane) ? sum + 1 : sum), 0)),
    busyLanes: () => busy.size,
  };
};

/** Whether a record that is not kept stands before the first that may be taken ahead. */
const isFreeBefore = (
  queue: readonly Queued[],
  mayFollow: (lane: string) => boolean,
  isKept: (lane: string) => boolean,
): boolean => {
  for (const { lane } of queue) {
    if (mayFollow(lane)) return false;
    if (!isKept(lane)) return true;
  }
  return false;
};

/** Both are nearly always empty: a text is not hashed for them. */
const isIn = (lanes: ReadonlySet<string>, lane: string): boolean => lanes.size > 0 && lanes.has(lane);

const lanesOf = (round: readonly Queued[]): ReadonlySet<string> => new Set(round.map(laneIn));

const laneIn = ({ lane }: Queued): string => lane;

/** Records whose lane is not kept from them, up to the limits, and the others; both keep their order. */
const split = <T extends Queued>(
  queue: readonly T[],
  isKept: (lane: string) => boolean,
  { maxRound, maxBytes }: { readonly maxRound: number; readonly maxBytes: number },
): { readonly round: T[]; readonly rest: T[] } => {
  const round: T[] = [];
  const rest: T[] = [];
  let roomBytes = maxBytes;
  let at = 0;
  for (; at < queue.length && round.length < maxRound; at++) {
    const record = queue[at];
    if (record === undefined) break;
    if (isKept(record.lane)) rest.push(record);
    else if (record.sizeBytes > roomBytes && round.length > 0) break;
    else {
      round.push(record);
      roomBytes -= record.sizeBytes;
    }
  }
  return { round, rest: rest.length === 0 ? queue.slice(at) : rest.concat(queue.slice(at)) };
};
