/** What became of each letter: derived from dead letters, retry records, the group's offsets and discards; kept nowhere. Pure. */
import type { LogRecord, TopicPartition } from "../../log/log.ts";
import { earlierOf, type Origin } from "../../worker/round/letter-headers.ts";
import { attemptKey, type Letter, originKey, type Place } from "./letter.ts";
import { byOrigin } from "./order.ts";

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

/**
 * Every attempt of every record, by {@link byOrigin}, attempts rising. Sorted and not looked up by key: the keys of a hundred
 * thousand letters took as much memory as the letters.
 */
export const standingsOf = (facts: StateFacts): readonly Standing[] => {
  const letters = [...facts.letters].sort((a, b) => byOrigin(a, b) || a.attempt - b.attempt);
  const retries = Map.groupBy(facts.retries, attemptKey);
  const standings: Standing[] = [];
  for (const [at, letter] of letters.entries()) {
    const isCopy = isSameAttempt(letter, letters[at - 1]);
    if (isCopy) continue;
    let end = at + 1;
    while (isSameAttempt(letter, letters[end])) end += 1;
    const next = letters[end];
    const isLatest = next === undefined || byOrigin(letter, next) !== 0;
    const sent = (retries.size > 0 ? retries.get(attemptKey(letter)) : undefined) ?? noRetries;
    const state = isLatest ? latestState(letter, sent, facts) : "failed-again";
    standings.push({ letter, state, copies: end - at - 1, retries: sent });
  }
  return standings;
};

const noRetries: readonly Retry[] = [];

const isSameAttempt = (one: Letter, other: Letter | undefined): boolean =>
  other !== undefined && one.attempt === other.attempt && byOrigin(one, other) === 0;

/** Of the latest attempt. A letter is acknowledged before its offset is finished: what is decided and has none did not fail. */
const latestState = ({ origin }: Letter, sent: readonly Retry[], facts: StateFacts): LetterState => {
  if (facts.discards.size > 0 && facts.discards.has(originKey(origin))) return "discarded";
  if (sent.length === 0) return "open";
  return sent.some((retry) => isDecided(retry, facts)) ? "resolved" : "pending";
};
