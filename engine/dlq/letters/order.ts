/** The order in which letters are shown and replayed: that of their origins. Pure. */
import type { Letter } from "./letter.ts";

/** By topic, partition, offset and timestamp of the origin: zero for letters of one record. */
export const byOrigin = ({ origin: a }: Letter, { origin: b }: Letter): number => {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  if (a.partition !== b.partition) return a.partition - b.partition;
  if (a.offset !== b.offset) return a.offset < b.offset ? -1 : 1;
  return a.timestampMs - b.timestampMs;
};
