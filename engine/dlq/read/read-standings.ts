/** Reads what became of a topology's letters: both topics from their beginning, keeping no values. */
import { unlessMissing } from "../../log/unless-missing.ts";
import type { LogRecord, TopicPartition } from "../../log/log.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { retryTopic } from "../../worker/round/retry-record.ts";
import { createIntern, type Letter, letterOf } from "../letters/letter.ts";
import { type Retry, retryOf, type Standing, standingsOf } from "../letters/state.ts";
import type { DlqCluster, DlqPorts, LettersOf } from "../ports.ts";
import { knownJobs } from "./known-jobs.ts";

/** Looks at a letter while its bytes are at hand. */
export type Examine = (letter: Letter, record: LogRecord) => void | Promise<void>;

/** What was read. */
export interface StandingsRead {
  readonly standings: readonly Standing[];
  /** Where the dead letters and the retry records ended, by partition. */
  readonly letterEnds: readonly bigint[];
  readonly retryEnds: readonly bigint[];
  /** Retry records, in the order of their partitions. */
  readonly retries: readonly Retry[];
  /** The next offset the group reads of the retry topic. */
  readonly committed: readonly (bigint | undefined)[];
  /** Letters at the beginning of the topic that are not there any more: somebody deleted them, or retention did. */
  readonly trimmed: bigint;
  /** Records in the retry topic that stand for no letter, as somebody else wrote them. */
  readonly strangers: number;
  /** False where the database could not say what was discarded, and which jobs have finished. */
  readonly knowsJobs: boolean;
}

/**
 * Reads everything up to now. A topic that does not exist has no records. Letters are read last: of what the group had
 * decided by its offsets, every letter is seen. @throws Unavailable
 */
export const readStandings = async (
  { cluster, replays }: DlqPorts,
  of: LettersOf,
  examine?: Examine,
): Promise<StandingsRead> => {
  const known = await knownJobs(replays, of.topology);
  const retried = retryTopic(of.topology);
  const committed = await unlessMissing(() => cluster.committedOffsets(of.group, retried), []);
  const retries: Retry[] = [];
  let strangers = 0;
  const retriesRead = await readWhole(cluster, retried, (at, record) => {
    const retry = retryOf(at, record);
    if (retry === undefined) strangers += 1;
    else retries.push(retry);
  });
  const { letters, ends, trimmed } = await readLetters(cluster, deadLetterTopic(of.topology), examine);
  const { discards, finishedJobs, knowsJobs } = known;
  return {
    standings: standingsOf({ letters, retries, committed, discards, finishedJobs }),
    letterEnds: ends,
    retryEnds: retriesRead.ends,
    retries,
    committed,
    trimmed,
    strangers,
    knowsJobs,
  };
};

/** Reads the letters of any topic, by any writer. @throws Unavailable */
export const readLetters = async (
  cluster: DlqCluster,
  topic: string,
  examine?: Examine,
): Promise<{ readonly letters: readonly Letter[]; readonly ends: readonly bigint[]; readonly trimmed: bigint }> => {
  const letters: Letter[] = [];
  const intern = createIntern();
  const { ends, starts } = await readWhole(cluster, topic, (at, record) => {
    const letter = letterOf(at, record, intern);
    letters.push(letter);
    return examine?.(letter, record);
  });
  return { letters, ends, trimmed: starts.reduce((sum, start) => sum + start, 0n) };
};

const readWhole = async (
  cluster: DlqCluster,
  topic: string,
  see: (at: TopicPartition, record: LogRecord) => void | Promise<void>,
): Promise<{ readonly starts: readonly bigint[]; readonly ends: readonly bigint[] }> =>
  unlessMissing(
    async () => {
      const ends = await cluster.endOffsets(topic);
      const starts = await cluster.startOffsets(topic);
      const ranges = ends.map((end, partition) => ({ partition, from: starts[partition] ?? 0n, end }));
      await cluster.readRanges(topic, ranges, async (partition, records) => {
        for (const record of records) {
          const seen = see({ topic, partition }, record);
          // Most need no wait, and a hundred thousand waits take longer than the reading.
          if (seen !== undefined) await seen;
        }
      });
      return { starts, ends };
    },
    { starts: [], ends: [] },
  );
