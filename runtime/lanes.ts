/**
 * The queue of one partition, and how rounds are taken from it: everything queued whose key is not in flight, in
 * offset order. So a key is in at most one round at a time, a hot key fills a round by itself, and a thousand cold
 * keys share one; there is no timer, because the queue that builds up while one round runs is the next round.
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
  /** Takes the next round, at most `maxRound` records; empty where every queued lane is in flight. Its lanes are in flight from now on. */
  readonly take: (maxRound: number) => readonly T[];
  /** Ends a round's hold on its lanes. */
  readonly release: (round: readonly T[]) => void;
  readonly queuedRecords: () => number;
  readonly queuedBytes: () => number;
  /** Lanes in flight. */
  readonly busyLanes: () => number;
}

/** An empty queue. */
export const createLanes = <T extends Queued>(): Lanes<T> => {
  let queue: T[] = [];
  let bytes = 0;
  // True when a scan found nothing to take and nothing has changed since: a full queue is not scanned for each record.
  let blocked = false;
  const busy = new Set<string>();

  return {
    add: (records) => {
      if (records.length === 0) return;
      queue.push(...records);
      for (const { sizeBytes } of records) bytes += sizeBytes;
      blocked = false;
    },
    take: (maxRound) => {
      if (blocked || queue.length === 0) return [];
      const { round, rest } = split(queue, busy, maxRound);
      if (round.length === 0) {
        blocked = true;
        return round;
      }
      queue = rest;
      for (const { lane, sizeBytes } of round) {
        busy.add(lane);
        bytes -= sizeBytes;
      }
      return round;
    },
    release: (round) => {
      for (const { lane } of round) busy.delete(lane);
      blocked = false;
    },
    queuedRecords: () => queue.length,
    queuedBytes: () => bytes,
    busyLanes: () => busy.size,
  };
};

/** Records whose lane is free, up to the limit, and the others; both keep their order. */
const split = <T extends Queued>(
  queue: readonly T[],
  busy: ReadonlySet<string>,
  maxRound: number,
): { readonly round: T[]; readonly rest: T[] } => {
  const round: T[] = [];
  const rest: T[] = [];
  let at = 0;
  for (; at < queue.length && round.length < maxRound; at++) {
    const record = queue[at];
    if (record === undefined) break;
    if (busy.has(record.lane)) rest.push(record);
    else round.push(record);
  }
  return { round, rest: rest.length === 0 ? queue.slice(at) : rest.concat(queue.slice(at)) };
};
