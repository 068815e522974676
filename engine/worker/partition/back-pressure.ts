/** When fetching of a partition pauses: above its bounds it is paused, below half of them it is resumed. */
import type { PartitionLimits } from "./limits.ts";

/** What a partition has in memory. */
export interface Load {
  readonly unfinishedRecords: number;
  readonly queuedBytes: number;
}

/** The pressure of one partition. */
export interface BackPressure {
  /** Pauses or resumes, where the load has crossed a bound. */
  readonly balance: (load: Load) => void;
  readonly paused: () => boolean;
}

/** A partition that is not paused. */
export const createBackPressure = (
  { maxRecords, maxBytes }: Pick<PartitionLimits, "maxRecords" | "maxBytes">,
  setPaused: (paused: boolean) => void,
): BackPressure => {
  let paused = false;
  return {
    balance: ({ unfinishedRecords, queuedBytes }) => {
      const full = unfinishedRecords > maxRecords || queuedBytes > maxBytes;
      const low = unfinishedRecords <= maxRecords / 2 && queuedBytes <= maxBytes / 2;
      if (paused ? !low : !full) return;
      paused = !paused;
      setPaused(paused);
    },
    paused: () => paused,
  };
};
