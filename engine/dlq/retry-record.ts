/** What a letter becomes when it is replayed: its own key, value and headers, and of ours only what says where it came from. */
import type { Headers, NewRecord } from "../log/log.ts";
import { deadLetterPrefix } from "../worker/round/dead-letter.ts";

/** The topic that a topology reads replayed letters from. */
export const retryTopic = (topology: string): string => `${topology}.retry`;

/** Headers of ours that a retry record keeps of its letter. Nothing else of ours goes along, so nothing piles up. */
const kept = ["topic", "partition", "offset", "timestamp", "attempt", "first-at"] as const;

/** The retry record of a letter. */
export const toRetryRecord = (
  { key, value, headers }: Pick<NewRecord, "key" | "value"> & { readonly headers: Headers },
  job: string,
): NewRecord => {
  const names = new Set(kept.map((name) => deadLetterPrefix + name));
  const entries = Object.entries(headers).filter(([name]) => !name.startsWith(deadLetterPrefix) || names.has(name));
  return { key, value, headers: Object.fromEntries([...entries, [`${deadLetterPrefix}job`, Buffer.from(job)]]) };
};
