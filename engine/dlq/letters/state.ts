/** What became of each letter: derived from dead letters, retry records, the group's offsets and discards; kept nowhere. Pure. */
import type { LogRecord, TopicPartition } from "../../log/log.ts";
import { earlierOf, type Origin } from "../../worker/round/letter-headers.ts";
import { type Letter, originKey, type Place } from "./letter.ts";

/**
 * - `open`: it waits for somebody.
 * - `pending`: it was replayed, and is not decided yet.
 * - `resolved`: it was replayed and decided, and did not fail again.
 * - `failed-again`: a later attempt has a letter of its own.
 * - `discarded`: somebody decided that it is not to be replayed.
 */
export type LetterState = (typeof letterStates)[number];
/** All of them, as they are typed. */
export const letterStates = ["open", "pending", "resolved", "failed-again", "discarded"] as const;

/** A record in a retry topic. */
export interface Retry {
  readonly place: Place;
  readonly origin: Origin;
  readonly attempt: number;
  readonly job: string;
}

/** One attempt of one record, and what became of it. */
export interface Standing {
  /** Its first letter; copies count once. */
  readonly letter: Letter;
  readonly state: LetterState;
  /** Letters of this attempt beside the first: a worker that was killed writes again. */
  readonly copies: number;
  /** Retry records of this attempt, in the order of their places. */
  readonly retries: readonly Retry[];
}

/** What states are derived from. */
export interface StateFacts {
  readonly letters: Iterable<Letter>;
  readonly retries: Iterable<Retry>;
  /** The next offset the group reads of the retry topic, by partition; undefined where it has committed nothing. */
  readonly committed: readonly (bigint | undefined)[];
  /** {@link originKey}s of discarded letters. */
  readonly discards: ReadonlySet<string>;
  /** Jobs of which everything was decided: offsets of a group that is gone expire, and then these tell. */
  readonly finishedJobs: ReadonlySet<string>;
}

/** The retry record of a record in a retry topic; undefined where its headers are not ours. */
export const retryOf = (at: TopicPartition, { headers, offset }: LogRecord): Retry | undefined => {
  const earlier = earlierOf(headers);
  if (earlier === undefined) return undefined;
  const { origin, attempt, job = "" } = earlier;
  return { place: { ...at, offset }, origin, attempt, job };
};

/** Whether a retry record was decided: the group's offset is past it, or its job has finished. */
export const isDecided = (
  { place, job }: Retry,
  { committed, finishedJobs }: Pick<StateFacts, "committed" | "finishedJobs">,
): boolean => (committed[place.partition] ?? 0n) > place.offset || finishedJobs.has(job);

/** Every attempt of every record, in the order in which its record's first letter was seen, attempts rising. */
export const standingsOf = (facts: StateFacts): readonly Standing[] => {
  const attempts = new Map<string, Map<number, Letter[]>>();
  for (const letter of facts.letters) add(attempts, originKey(letter.origin), letter.attempt, letter);
  const retries = new Map<string, Map<number, Retry[]>>();
  for (const retry of facts.retries) add(retries, originKey(retry.origin), retry.attempt, retry);
  return [...attempts].flatMap(([id, letters]) => {
    const latest = Math.max(...letters.keys());
    return [...letters]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([attempt, [letter, ...copies]]) => {
        if (letter === undefined) return [];
        const sent = retries.get(id)?.get(attempt) ?? [];
        const state = attempt < latest ? "failed-again" : latestState(id, sent, facts);
        return [{ letter, state, copies: copies.length, retries: sent } satisfies Standing];
      });
  });
};

/** Of the latest attempt. A letter is acknowledged before its offset is finished: what is decided and has none did not fail. */
const latestState = (id: string, sent: readonly Retry[], facts: StateFacts): LetterState => {
  if (facts.discards.has(id)) return "discarded";
  if (sent.length === 0) return "open";
  return sent.some((retry) => isDecided(retry, facts)) ? "resolved" : "pending";
};

const add = <T>(all: Map<string, Map<number, T[]>>, id: string, attempt: number, one: T): void => {
  const attempts = all.get(id) ?? new Map<number, T[]>();
  all.set(id, attempts);
  const same = attempts.get(attempt);
  if (same === undefined) attempts.set(attempt, [one]);
  else same.push(one);
};
