/**
 * Where requests stand in the queue, for all who ask, by looks at the log that they share. What can go wrong:
 *
 * - the log refuses the look, does not answer or is cut off: no position is said, and the verdict is asked for as ever;
 * - another API of the same log was asked before, whose look was later: what a client is told by several APIs never rises where
 *   its answers are two seconds or more apart, because no look is older; what it is told by one API never rises at all.
 */
import type { ApiClock } from "../http/clock.ts";
import { createQueueState, type RecordPlace, type QueueLook, type QueuePosition } from "./queue-position.ts";

/**
 * What the log says of the topic of requests, not two seconds old; undefined where it does not say. Never rejects, is answered
 * within half a second, and looks once a second at most, whoever asks.
 */
export type SeeQueue = () => Promise<QueueLook | undefined>;

/** Answers where requests stand. */
export interface QueueWatch {
  /** Where one stands; undefined where that is not known. Never rejects. */
  readonly positionOf: (at: RecordPlace) => Promise<QueuePosition | undefined>;
  /** Tells where one stands, now and whenever that has changed, until what it answers is called. */
  readonly follow: (at: RecordPlace, tell: (position: QueuePosition) => void) => () => void;
}

/** Between two looks for those who follow. */
const lookEveryMs = 1_000;

/** Watches the queue. Nobody asks, nothing is looked at. */
export const watchQueue = (see: SeeQueue, clock: ApiClock): QueueWatch => {
  const state = createQueueState();
  const followers = new Set<() => void>();
  let isTicking = false;
  const look = async (): Promise<boolean> => {
    const seen = await see();
    if (seen !== undefined) state.looked(seen);
    return seen !== undefined;
  };
  /** While anybody follows. */
  const tick = (): void => {
    if (isTicking || followers.size === 0) return;
    isTicking = true;
    clock.after(lookEveryMs, () => {
      void look().then((isSeen) => {
        isTicking = false;
        if (isSeen) for (const follower of followers) follower();
        tick();
      });
    });
  };
  return {
    positionOf: async (at) => ((await look()) ? state.positionOf(at) : undefined),
    follow: (at, tell) => {
      let said: QueuePosition | undefined;
      const follower = (): void => {
        const now = state.positionOf(at);
        if (now === undefined || (now.before === said?.before && now.aboutSeconds === said.aboutSeconds)) return;
        said = now;
        tell(now);
      };
      followers.add(follower);
      void look().then((isSeen) => {
        if (isSeen && followers.has(follower)) follower();
      });
      tick();
      return () => followers.delete(follower);
    },
  };
};
