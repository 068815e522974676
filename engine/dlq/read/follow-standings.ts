/**
 * Follows what becomes of a topology's letters: both topics are read once from their beginning, and from there on only what is
 * new. Letters are kept without their values, about half a kilobyte each.
 */
import { unlessMissing } from "../../log/unless-missing.ts";
import type { LogRecord, TopicPartition } from "../../log/log.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { retryTopic } from "../../worker/round/retry-record.ts";
import { createIntern, type Letter, letterOf } from "../letters/letter.ts";
import { type LetterState, letterStates, type Retry, retryOf, standingsOf } from "../letters/state.ts";
import type { DlqCluster, DlqPorts, LettersOf } from "../ports.ts";
import { knownJobs } from "./known-jobs.ts";

/** How many attempts of records are in each state. */
export type LetterCounts = Readonly<Record<LetterState, number>>;

/** Makes the function that looks and counts. Look by look, not side by side. @throws Unavailable: the next look goes on */
export const followStandings = ({ cluster, replays }: DlqPorts, of: LettersOf): (() => Promise<LetterCounts>) => {
  let letters: Letter[] = [];
  let retries: Retry[] = [];
  let intern = createIntern();
  const forget = (): void => {
    [letters, retries, intern] = [[], [], createIntern()];
  };
  const see = {
    letters: followTopic(cluster, deadLetterTopic(of.topology), (at, record) =>
      letters.push(letterOf(at, record, intern)),
    ),
    retries: followTopic(cluster, retryTopic(of.topology), (at, record) => {
      const retry = retryOf(at, record);
      if (retry !== undefined) retries.push(retry);
    }),
  };
  return async () => {
    const known = await knownJobs(replays, of.topology);
    const committed = await unlessMissing(() => cluster.committedOffsets(of.group, retryTopic(of.topology)), []);
    // Letters last: of what the group had decided by its offsets, every letter is seen.
    for (const read of [see.retries, see.letters]) {
      if (await read.isSame()) continue;
      forget();
      see.retries.rewind();
      see.letters.rewind();
    }
    await see.retries.read();
    await see.letters.read();
    return countsOf(standingsOf({ letters, retries, committed, ...known }));
  };
};

const countsOf = (standings: ReturnType<typeof standingsOf>): LetterCounts => {
  const byState = Map.groupBy(standings, ({ state }) => state);
  const counts = letterStates.map((state) => [state, byState.get(state)?.length ?? 0] as const);
  // Every state is among them.
  return Object.fromEntries(counts) as LetterCounts;
};

/** Reads a topic from where it was left. */
const followTopic = (cluster: DlqCluster, topic: string, see: (at: TopicPartition, record: LogRecord) => unknown) => {
  const next = new Map<number, bigint>();
  const endsNow = () => unlessMissing(() => cluster.endOffsets(topic), []);
  return {
    /** False where it ends before what was read: somebody made it anew. */
    isSame: async (): Promise<boolean> => {
      const ends = await endsNow();
      return [...next].every(([partition, from]) => (ends[partition] ?? 0n) >= from);
    },
    rewind: (): void => next.clear(),
    read: async (): Promise<void> => {
      const ends = await endsNow();
      const starts = ends.length === 0 ? [] : await cluster.startOffsets(topic);
      const ranges = ends
        .map((end, partition) => ({ partition, from: next.get(partition) ?? starts[partition] ?? 0n, end }))
        .filter(({ from, end }) => end > from);
      if (ranges.length === 0) return;
      await cluster.readRanges(topic, ranges, async (partition, records) => {
        for (const record of records) {
          // A reading that was cut short is gone on with from its last record.
          if (record.offset < (next.get(partition) ?? 0n)) continue;
          see({ topic, partition }, record);
          next.set(partition, record.offset + 1n);
        }
      });
      for (const { partition, end } of ranges) next.set(partition, end);
    },
  };
};
