/** The dead letters and replays of one record: found from the moment it was accepted on, without reading whole topics. */
import { idText, letterOf, type Letter, originKey } from "../../engine/dlq/letters/letter.ts";
import type { Replays } from "../../engine/dlq/jobs/replays.ts";
import { knownJobs } from "../../engine/dlq/read/known-jobs.ts";
import { type Retry, retryOf, type Standing, standingsOf } from "../../engine/dlq/letters/state.ts";
import { unlessMissing } from "../../engine/log/unless-missing.ts";
import type { KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { retryTopic } from "../../engine/worker/round/retry-record.ts";
import type { Away } from "./away.ts";
import type { Moment } from "./story.ts";
import { type SearchedCluster, searchTopic } from "./search.ts";

/** What became of a record's letters. */
export interface LettersFound {
  readonly topology: string;
  /** By attempt, each with its replays. */
  readonly standings: readonly Standing[];
  /** False where more was written since than is looked at. */
  readonly isWhole: boolean;
}

/** What letters are read with. */
export interface LetterReader {
  readonly cluster: SearchedCluster & Pick<KafkaAdmin, "committedOffsets">;
  readonly replays: Replays;
  readonly groupPrefix: string;
}

/** A record, as its letters name it. */
export interface OriginOf {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
}

/** Reads them; undefined, which is remembered, where what they are in is away. */
export const lettersOf = (
  reader: LetterReader & { readonly away: Away },
  topology: string,
  origin: OriginOf,
): Promise<LettersFound | undefined> => reader.away.orElse(undefined, () => readLettersOf(reader, topology, origin));

const readLettersOf = async (
  { cluster, replays, groupPrefix }: LetterReader,
  topology: string,
  origin: OriginOf,
): Promise<LettersFound> => {
  const key = originKey(origin);
  const retried = retryTopic(topology);
  const letters: Letter[] = [];
  const retries: Retry[] = [];
  const committed = await unlessMissing(() => cluster.committedOffsets(`${groupPrefix}.${topology}`, retried), []);
  const range = { fromMs: origin.timestampMs };
  const [retriesRead, lettersRead, known] = await Promise.all([
    searchTopic(cluster, retried, range, (partition, record) => {
      const retry = retryOf({ topic: retried, partition }, record);
      if (retry !== undefined && originKey(retry.origin) === key) retries.push(retry);
      return undefined;
    }),
    searchTopic(cluster, deadLetterTopic(topology), range, (partition, record) => {
      const letter = letterOf({ topic: deadLetterTopic(topology), partition }, record);
      if (originKey(letter.origin) === key) letters.push(letter);
      return undefined;
    }),
    knownJobs(replays, topology),
  ]);
  return {
    topology,
    standings: standingsOf({ letters, retries, committed, ...known }),
    isWhole: retriesRead.isWhole && lettersRead.isWhole,
  };
};

/** A record that waits for somebody, or that somebody left where it is: it has no verdict, and none is missing. */
export const isSetAside = ({ standings }: LettersFound): boolean =>
  standings.some(({ state }) => state === "open" || state === "pending" || state === "discarded");

/** Letters and their replays as moments. */
export const letterMoments = ({ topology, standings }: LettersFound): readonly Moment[] =>
  standings.flatMap(({ letter, state, retries, copies }) => [
    {
      at: letter.writtenAt,
      what: "dead letter",
      text:
        `attempt ${letter.attempt} of ${topology} failed at ${letter.node} with ${letter.code} (${letter.kind}): ` +
        `${state}${copies > 0 ? `, ${copies} more of it` : ""}`,
      from: idText(letter.place),
    },
    ...retries.map((retry) => ({
      what: "replayed",
      text: `as attempt ${letter.attempt + 1}${retry.job === "" ? "" : ` by job ${retry.job}`}`,
      from: idText(retry.place),
    })),
  ]);

/** What of letters is still to come. */
export const pendingLetters = ({ topology, standings }: LettersFound): readonly string[] =>
  standings.flatMap(({ letter, state }) => {
    if (state === "open")
      return [`a dead letter of ${topology} waits for somebody: sluice dlq show ${idText(letter.origin)}`];
    return state === "pending" ? [`a replay of ${topology} is not decided yet`] : [];
  });
