/**
 * What a partition has begun and not ended, so that it can be waited for: by a drain, and by the same partition's next
 * assignment, whose records attach to rounds that are still at work instead of running twice.
 */
import type { Round } from "./in-flight.ts";

/** By offset: resolves with whether the record's round came to its end, all it wrote acknowledged. Never rejects. */
export type Inherited = ReadonlyMap<bigint, Promise<boolean>>;

/** The work of one partition. */
export interface UnderWay {
  /** Keeps track of work until it ends; `failed` is told what it rejects with. */
  readonly track: (work: Promise<void>, round?: Round) => void;
  /** Resolves when nothing is under way. */
  readonly ended: () => Promise<void>;
  /** The records of rounds that are at work now. */
  readonly rounds: () => Inherited;
}

/** Nothing under way yet. */
export const createUnderWay = (failed: (error: unknown) => void): UnderWay => {
  const running = new Map<Promise<boolean>, Round>();
  return {
    track: (work, round = []) => {
      const whole: Promise<boolean> = work
        .then(
          () => true,
          (error: unknown) => {
            failed(error);
            return false;
          },
        )
        .finally(() => running.delete(whole));
      running.set(whole, round);
    },
    ended: async () => {
      while (running.size > 0) await Promise.all(running.keys());
    },
    rounds: () => new Map([...running].flatMap(([whole, round]) => round.map(({ record }) => [record.offset, whole]))),
  };
};

/**
 * Those records of a round that are to be run: waits for rounds of the former assignment that have some of them, and leaves
 * out what those brought to an end. A lane stays taken meanwhile, so its order holds. It is safe whoever owned the
 * partition in between: an end counts only where everything was written under a lease that still held.
 */
export const notInherited = async (round: Round, inherited: Inherited): Promise<Round> => {
  const ends = await Promise.all(round.map(({ record }) => inherited.get(record.offset) ?? false));
  return round.filter((_, at) => !ends[at]);
};
