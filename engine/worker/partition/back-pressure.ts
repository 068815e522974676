/**
 * What a partition has in memory, and when fetching of it pauses: above its bounds it is paused, below half of them it is
 * resumed. What its rounds wrote counts until it is acknowledged: a topology may write a thousand records of one. What waits
 * behind a held key has a bound of its own beside that of the others, so that these go on.
 */
import type { Round } from "./in-flight.ts";
import { heldTimes, type PartitionLimits } from "./limits.ts";

/** The load of one partition. */
export interface BackPressure {
  /** Records came in. */
  readonly entered: (records: Round) => void;
  /** A round handed so many bytes to the producer. */
  readonly written: (bytes: number) => void;
  /** A round ended, and the bytes that it wrote are acknowledged. */
  readonly finished: (round: Round, bytes: number) => void;
  /** Pauses or resumes, where the load has crossed a bound. */
  readonly balance: () => void;
  /** False while so much is written and not acknowledged that no further round may begin. */
  readonly hasRoom: () => boolean;
  readonly unfinishedRecords: () => number;
  readonly paused: () => boolean;
}

/** A partition that has nothing and is not paused. `heldRecords` is asked only where it matters: it may take a while. */
export const createBackPressure = (
  { maxRecords, maxBytes }: Pick<PartitionLimits, "maxRecords" | "maxBytes">,
  heldRecords: () => number,
  setPaused: (paused: boolean) => void,
): BackPressure => {
  let paused = false;
  let records = 0;
  let readBytes = 0;
  let writtenBytes = 0;
  return {
    entered: (entered) => {
      records += entered.length;
      for (const { sizeBytes } of entered) readBytes += sizeBytes;
    },
    written: (bytes) => {
      writtenBytes += bytes;
    },
    finished: (round, bytes) => {
      records -= round.length;
      for (const { sizeBytes } of round) readBytes -= sizeBytes;
      writtenBytes -= bytes;
    },
    balance: () => {
      const bytes = readBytes + writtenBytes;
      const beside = records > maxRecords / 2 ? Math.min(heldRecords(), heldTimes * maxRecords) : 0;
      const full = records - beside > maxRecords || bytes > maxBytes;
      const low = records - beside <= maxRecords / 2 && bytes <= maxBytes / 2;
      if (paused ? !low : !full) return;
      paused = !paused;
      setPaused(paused);
    },
    hasRoom: () => writtenBytes <= maxBytes,
    unfinishedRecords: () => records,
    paused: () => paused,
  };
};
