/**
 * Virtual time: what is due runs at once, in the order of its time, and in seeded order where times are equal. Between
 * two turns every promise that can settle has settled, so a turn is atomic and a seed always gives the same run.
 */
import type { Clock } from "../../../engine/clock.ts";
import type { Dice } from "./dice.ts";

/** Something that will happen; may be called off. */
export interface Turn {
  cancelled: boolean;
}

/** A world's time. */
export interface Time extends Clock {
  /** Has something happen after `ms`. */
  readonly after: (ms: number, happen: () => void) => Turn;
  /** Lets time pass until the condition holds between two turns; false where `deadlineAt` came first, or nothing is left to happen. */
  readonly passUntil: (done: () => boolean, deadlineAt: number) => Promise<boolean>;
  /** Has something happen right after the turn with this number, before anything else can. */
  readonly afterTurn: (turn: number, happen: () => void) => void;
  /** Turns so far. */
  readonly turns: () => number;
}

interface Planned extends Turn {
  readonly at: number;
  /** Decides among equal times. */
  readonly rank: number;
  readonly happen: () => void;
}

/** 2025-01-01T00:00:00Z: epoch ms at which every simulation begins. */
export const beginningAt = 1_735_689_600_000;

/** A time at its beginning. */
export const createTime = (dice: Dice): Time => {
  const planned = createHeap();
  const between = new Map<number, () => void>();
  let now = beginningAt;
  let turns = 0;
  const after = (ms: number, happen: () => void): Turn => {
    const turn = { at: now + Math.max(0, Math.ceil(ms)), rank: dice.next(), happen, cancelled: false };
    planned.push(turn);
    return turn;
  };
  const passUntil = async (done: () => boolean, deadlineAt: number): Promise<boolean> => {
    await settled();
    while (!done()) {
      const turn = planned.pop();
      if (turn === undefined) return false;
      if (turn.cancelled) continue;
      if (turn.at > deadlineAt) return false;
      now = turn.at;
      turns += 1;
      turn.happen();
      await settled();
      between.get(turns)?.();
    }
    return true;
  };
  return {
    now: () => now,
    sleep: sleeper(after),
    after,
    passUntil,
    turns: () => turns,
    afterTurn: between.set.bind(between),
  };
};

/** A `sleep` on such an `after`. */
export const sleeper =
  (after: Time["after"]): Clock["sleep"] =>
  (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const turn = after(ms, () => end());
      const end = (): void => {
        turn.cancelled = true;
        signal?.removeEventListener("abort", end);
        resolve();
      };
      signal?.addEventListener("abort", end);
    });

/** Resolves when no promise is left to settle: everything that waits for a promise runs before the event loop turns. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isBefore = (a: Planned, b: Planned): boolean => a.at < b.at || (a.at === b.at && a.rank < b.rank);

/** A binary heap: the earliest first. */
const createHeap = () => {
  const heap: Planned[] = [];
  const swap = (a: number, b: number): void => {
    const [first, second] = [heap[a], heap[b]];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  };
  const before = (a: number, b: number): boolean => {
    const [first, second] = [heap[a], heap[b]];
    return first !== undefined && second !== undefined && isBefore(first, second);
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!before(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const left = at * 2 + 1;
      const least = before(left + 1, left) ? left + 1 : left;
      if (!before(least, at)) return;
      swap(at, least);
      at = least;
    }
  };
  return {
    push: (turn: Planned): void => {
      heap.push(turn);
      rise(heap.length - 1);
    },
    pop: (): Planned | undefined => {
      const [first] = heap;
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      sink();
      return first;
    },
  };
};
