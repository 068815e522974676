/** Coalescing: many callers, one call. Whatever waits while a call is in flight goes into the next one, without a timer. */
import { Fatal } from "../../engine/errors.ts";

/** A function of many that is called with one. */
export interface Coalesced<Item, Answer> {
  /** Answers for one item, from a call that began after this. Rejects as that call did, with every other item of it. */
  readonly ask: (item: Item) => Promise<Answer>;
  /** Items that wait or are in flight. */
  readonly waiting: () => number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls `run` with items in the order in which they were asked, at most `maxItems` a call, and `lanes` calls at a time, one
 * where not given. What waits is taken by whichever call ends first: one that is stuck holds its own items and no others.
 * `run` answers in order; another count is a Fatal (COALESCE_ANSWERS) for every item of that call. Since the time of a
 * call is about a + bN, the queue that builds up while one runs is the right size for the next.
 */
export const coalesce = <Item, Answer>(
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
  { maxItems, lanes = 1 }: { readonly maxItems: number; readonly lanes?: number },
): Coalesced<Item, Answer> => {
  let queue: Waiting<Item, Answer>[] = [];
  let [calls, inFlight] = [0, 0];

  const next = (): void => {
    if (calls === lanes || queue.length === 0) return;
    const batch = queue.slice(0, maxItems);
    queue = queue.slice(maxItems);
    calls += 1;
    inFlight += batch.length;
    void settle(run, batch).then(() => {
      calls -= 1;
      inFlight -= batch.length;
      next();
    });
  };

  return {
    ask: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        next();
      }),
    waiting: () => queue.length + inFlight,
  };
};

/** One call, and its answers handed out. Never rejects. */
const settle = async <Item, Answer>(
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
  batch: readonly Waiting<Item, Answer>[],
): Promise<void> => {
  try {
    const answers = await run(batch.map(({ item }) => item));
    if (answers.length !== batch.length) {
      throw new Fatal("COALESCE_ANSWERS", `${batch.length} items were asked and ${answers.length} answered`);
    }
    // In bounds: the lengths are equal. `Answer` may include undefined, so the value cannot be checked.
    for (const [at, { resolve }] of batch.entries()) resolve(answers[at] as Answer);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
};
