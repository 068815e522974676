/**
 * What a partition has begun and not ended, so that it can be waited for: by a drain, and by the same partition's next
 * assignment, whose records attach to rounds that are still at work instead of running twice.
 */
import type { TopicPartition } from "../../log/log.ts";
import { placeOf, type Round } from "./in-flight.ts";

/** A record of a round that had not ended. */
export interface LeftOver {
  readonly at: TopicPartition;
  readonly offset: bigint;
  /** Resolves with whether its round came to its end, all it wrote acknowledged. Never rejects. */
  readonly whole: Promise<boolean>;
}

/** By place: two feeds of a partition have equal offsets. */
export type Inherited = ReadonlyMap<string, LeftOver>;

/** The work of one partition. */
export interface RoundTracker {
  /** Keeps track of work until it ends; `failed` is called with what it rejects with. */
  readonly track: (work: Promise<void>, round?: Round) => void;
  /** Resolves when nothing is under way. */
  readonly ended: () => Promise<void>;
  /**
   * The records of rounds that are at work now, and those inherited whose offset is not below what is `committable` of their
   * topic: an assignment may end before it has fetched them again, or before the round that has them has.
   */
  readonly rounds: (committable: (topic: string) => bigint | undefined) => Inherited;
}

/** Nothing under way yet but what was inherited. */
export const createRoundTracker = (inherited: Inherited, failed: (error: unknown) => void): RoundTracker => {
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
    rounds: (committable) =>
      new Map([
        ...[...inherited].filter(([, { at, offset }]) => offset >= (committable(at.topic) ?? 0n)),
        ...[...running].flatMap(([whole, round]) =>
          round.map((queued) => {
            const { offset } = queued.record;
            const before = inherited.get(placeOf(queued))?.whole;
            return [placeOf(queued), { at: queued.feed.at, offset, whole: either(before, whole) }] as const;
          }),
        ),
      ]),
  };
};

/** A round that waits for another may be given up after that has done its part. */
const either = async (before: Promise<boolean> | undefined, whole: Promise<boolean>): Promise<boolean> => {
  const [was, is] = await Promise.all([before, whole]);
  return was === true || is;
};

/**
 * Those records of a round that are to be run: waits for rounds of the former assignment that have some of them, and leaves
 * out what those brought to an end. A lane stays taken meanwhile, so its order holds. It is safe whichever worker owned the
 * partition in between: an end counts only where everything was written under a lease that still held.
 */
export const notInherited = async (round: Round, inherited: Inherited): Promise<Round> => {
  const ends = await Promise.all(round.map((queued) => inherited.get(placeOf(queued))?.whole ?? false));
  return round.filter((_, at) => !ends[at]);
};
