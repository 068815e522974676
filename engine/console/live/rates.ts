/** How fast counters grow, over all processes that serve them. Pure. */
import { type Labels, type Sample, sumOf } from "./samples.ts";

/** What one process said, and when. */
export interface Scrape {
  /** Of the process: a counter begins anew with each. */
  readonly process: string;
  /** Epoch ms, by the clock of whoever looked. */
  readonly atMs: number;
  readonly samples: readonly Sample[];
}

/** A second, of what has a name and labels; 0 where nothing grew. */
export type Rate = (name: string, labels?: Labels) => number;

/** Below this many ms between two scrapes nothing is said: one record more or less would be thousands a second. */
const leastMs = 200;

/**
 * The rates between two scrapes of each process. One that was not seen before has none; a counter that is smaller than before has
 * begun anew, so all of it came since.
 */
export const ratesBetween = (before: readonly Scrape[], now: readonly Scrape[]): Rate => {
  const earlier = new Map(before.map((scrape) => [scrape.process, scrape]));
  const grown = now.flatMap((scrape) => {
    const last = earlier.get(scrape.process);
    const tookMs = scrape.atMs - (last?.atMs ?? scrape.atMs);
    if (last === undefined || tookMs < leastMs) return [];
    const was = new Map(last.samples.map((sample) => [seriesOf(sample), sample.value]));
    return scrape.samples.flatMap((sample) => {
      const start = was.get(seriesOf(sample)) ?? 0;
      const growth = sample.value >= start ? sample.value - start : sample.value;
      return growth === 0 ? [] : [{ ...sample, value: (growth * 1_000) / tookMs }];
    });
  });
  return (name, labels) => sumOf(grown, name, labels) ?? 0;
};

const seriesOf = ({ name, labels }: Sample): string => `${name} ${JSON.stringify(labels)}`;
