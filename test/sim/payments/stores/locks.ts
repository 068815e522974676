/** Row locks of a simulated database: taken all at once, in the order of asking, so that no transactions wait in a circle. */

/** A holder of locks. */
export interface Holder {
  /** False once its connection has ended: it gets nothing any more. */
  readonly open: boolean;
}

/** Locks by name. */
export interface Locks {
  /** Resolves with true when all are held; with false after `withinMs`, or when the holder was let go. */
  readonly take: (holder: Holder, names: readonly string[], withinMs: number) => Promise<boolean>;
  /** Gives up what it holds, and its place in the queue. */
  readonly letGo: (holder: Holder) => void;
}

interface Waiting {
  readonly holder: Holder;
  readonly names: readonly string[];
  readonly end: (taken: boolean) => void;
}

/** Nothing is locked yet. */
export const createLocks = (after: (ms: number, happen: () => void) => unknown): Locks => {
  const held = new Map<string, Holder>();
  let queue: readonly Waiting[] = [];
  const isFree = ({ holder, names }: Waiting): boolean => names.every((name) => (held.get(name) ?? holder) === holder);
  const serve = (): void => {
    for (const one of queue) {
      if (!isFree(one)) continue;
      for (const name of one.names) held.set(name, one.holder);
      one.end(true);
    }
  };
  return {
    take: (holder, names, withinMs) =>
      new Promise((resolve) => {
        const one: Waiting = {
          holder,
          names,
          end: (taken) => {
            queue = queue.filter((other) => other !== one);
            resolve(taken);
          },
        };
        queue = [...queue, one];
        serve();
        if (queue.includes(one)) after(withinMs, () => queue.includes(one) && one.end(false));
      }),
    letGo: (holder) => {
      for (const one of queue) if (one.holder === holder) one.end(false);
      for (const [name, by] of held) if (by === holder) held.delete(name);
      serve();
    },
  };
};
