/**
 * Tasks that have a lane to themselves: while one runs, no round has records of that lane, and the others go on. Each waits
 * until what is in flight of its lane has ended; a lane in a rush lets it in between two rounds.
 */
import type { Lanes, Queued } from "./lanes.ts";

/** The tasks of one partition. */
export interface ExclusiveTasks {
  /** Queues a task behind those of the same lane. Resolves with its answer, or undefined where the partition went first. */
  readonly run: <T>(lane: string, task: () => Promise<T>) => Promise<T | undefined>;
  /** Starts what can start: to be called whenever a round has ended, or the partition may begin. */
  readonly pump: () => void;
  /** Lets go of the tasks that have not started; those that have go on. */
  readonly leave: () => void;
}

interface Waiting {
  /** Runs to the end, whatever comes of it. */
  readonly begin: () => Promise<void>;
  readonly giveUp: () => void;
}

/**
 * No tasks yet. `mayBegin` says whether the partition is at work; `track` is given each task that runs, so that a drain
 * can wait for it; `ended` is called after each.
 */
export const createExclusiveTasks = (
  lanes: Pick<Lanes<Queued>, "close" | "open">,
  partition: {
    readonly mayBegin: () => boolean;
    readonly track: (running: Promise<void>) => void;
    readonly ended: () => void;
  },
): ExclusiveTasks => {
  const waiting = new Map<string, Waiting[]>();
  const running = new Set<string>();

  const begin = async (lane: string, { begin: work }: Waiting): Promise<void> => {
    running.add(lane);
    await work();
    running.delete(lane);
    if (!waiting.has(lane)) lanes.open(lane);
    partition.ended();
  };
  const pump = (): void => {
    if (waiting.size === 0 || !partition.mayBegin()) return;
    for (const [lane, queue] of waiting) {
      if (running.has(lane) || !lanes.close(lane)) continue;
      const next = queue.shift();
      if (queue.length === 0) waiting.delete(lane);
      if (next !== undefined) partition.track(begin(lane, next));
    }
  };
  return {
    run: (lane, task) =>
      new Promise((resolve, reject) => {
        const next = { begin: () => task().then(resolve, reject), giveUp: () => resolve(undefined) };
        waiting.set(lane, [...(waiting.get(lane) ?? []), next]);
        pump();
      }),
    pump,
    leave: () => {
      for (const { giveUp } of [...waiting.values()].flat()) giveUp();
      waiting.clear();
    },
  };
};
