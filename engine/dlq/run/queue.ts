/** Which letters are sent next: partition by partition in the order of their origins, partitions in turns. */
import { byOrigin } from "../letters/order.ts";
import type { Letter } from "../letters/letter.ts";

/** Letters that wait to be sent. */
export interface Queue {
  readonly size: () => number;
  /** The next letters of one partition, at most so many; none where none are left. */
  readonly take: (count: number) => readonly Letter[];
}

/** A queue of these letters. One of `isSent` is passed over when its turn comes. */
export const createQueue = (letters: readonly Letter[], isSent: (letter: Letter) => boolean): Queue => {
  const lines = [...Map.groupBy(letters.toSorted(byOrigin), ({ origin }) => origin.partition).values()].map((line) => ({
    line,
    next: 0,
  }));
  let turn = 0;
  const takeFrom = (from: { readonly line: readonly Letter[]; next: number }, count: number): readonly Letter[] => {
    const taken: Letter[] = [];
    for (
      let letter = from.line[from.next];
      letter !== undefined && taken.length < count;
      letter = from.line[from.next]
    ) {
      from.next += 1;
      if (!isSent(letter)) taken.push(letter);
    }
    return taken;
  };
  return {
    size: () => lines.reduce((sum, { line, next }) => sum + line.length - next, 0),
    take: (count) => {
      for (const _ of lines) {
        const line = lines[turn++ % lines.length];
        const taken = line === undefined ? [] : takeFrom(line, count);
        if (taken.length > 0) return taken;
      }
      return [];
    },
  };
};
