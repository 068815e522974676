/** How far a replay is: read from the topics each time, never counted by the sender. */
import type { LogRecord, TopicPartition } from "../../log/log.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import type { ReplayJob } from "../jobs/job.ts";
import type { Progress } from "../jobs/standing.ts";
import { attemptKey, type Letter, letterOf, originKey } from "../letters/letter.ts";
import { isDecided, type Retry, retryOf } from "../letters/state.ts";
import type { DlqCluster, LettersOf } from "../ports.ts";
import { unlessMissing } from "../../log/unless-missing.ts";
import { retryTopic } from "../../worker/round/retry-record.ts";

/** Follows one job in its topics. */
export interface Tracker {
  /** Reads what is new. To be called before anything else is believed. @throws Unavailable */
  readonly look: () => Promise<void>;
  readonly progress: () => Progress;
  /** Whether a retry record of this job is of a letter. */
  readonly isSent: (letter: Letter) => boolean;
  /**
   * How many of the latest ones that were decided after the first look, at most so many, failed again. What an earlier runner saw
   * fail says nothing of now: a stopped job is resumed when its cause was removed.
   */
  readonly latest: (count: number) => { readonly decided: number; readonly failedAgain: number };
}

/** A job, as it is followed. */
export interface Tracked extends LettersOf {
  readonly job: Pick<ReplayJob, "id"> & { readonly document: Pick<ReplayJob["document"], "letterEnds" | "retryEnds"> };
  /** The letters it sends. */
  readonly letters: readonly Letter[];
  /** Whether another letter would have been meant too. Default: every one. */
  readonly isMeant?: (letter: Letter) => boolean;
}

/** A tracker that has seen nothing yet. */
export const createTracker = (cluster: DlqCluster, tracked: Tracked): Tracker => new TopicTracker(cluster, tracked);

class TopicTracker implements Tracker {
  readonly #cluster: DlqCluster;
  readonly #tracked: Tracked;
  /** Attempts of this job's letters, by origin. */
  readonly #attempts: ReadonlyMap<string, number>;
  readonly #sent = new Map<string, Retry>();
  readonly #failed = new Set<string>();
  readonly #new = new Set<string>();
  /** Attempts that were decided when it looked for the first time; undefined before. */
  #decidedBefore: ReadonlySet<string> | undefined;
  #copies = 0;
  #committed: readonly (bigint | undefined)[] = [];
  readonly #next: { letters: readonly bigint[]; retries: readonly bigint[] };

  constructor(cluster: DlqCluster, tracked: Tracked) {
    const { job, letters } = tracked;
    this.#cluster = cluster;
    this.#tracked = tracked;
    this.#attempts = new Map(letters.map(({ origin, attempt }) => [originKey(origin), attempt]));
    this.#next = { letters: job.document.letterEnds.map(BigInt), retries: job.document.retryEnds.map(BigInt) };
  }

  // Offsets first, letters last: a letter is acknowledged before its offset is finished, so none is missed of what is decided.
  readonly look = async (): Promise<void> => {
    const { topology, group } = this.#tracked;
    const retried = retryTopic(topology);
    this.#committed = await unlessMissing(() => this.#cluster.committedOffsets(group, retried), []);
    this.#next.retries = await this.#readOn(retried, this.#next.retries, this.#seeRetry);
    this.#next.letters = await this.#readOn(deadLetterTopic(topology), this.#next.letters, this.#seeLetter);
    this.#decidedBefore ??= new Set(this.#decided().map(([key]) => key));
  };

  readonly progress = (): Progress => {
    const failedAgain = this.#failed.size;
    const decided = [...this.#sent.values()].filter(this.#isDecided).length;
    // A letter of a later attempt may be there before the offset is committed.
    const failedOnly = [...this.#failed].filter((key) => !this.#isDecidedKey(key)).length;
    return {
      sent: this.#sent.size,
      copies: this.#copies,
      resolved: decided - (failedAgain - failedOnly),
      failedAgain,
      pending: this.#sent.size - decided - failedOnly,
      newMeanwhile: this.#new.size,
    };
  };

  readonly isSent = (letter: Letter): boolean => this.#sent.has(attemptKey(letter));

  readonly latest = (count: number): { readonly decided: number; readonly failedAgain: number } => {
    const some = this.#decided()
      .filter(([key]) => this.#decidedBefore?.has(key) !== true)
      .slice(-count);
    return { decided: some.length, failedAgain: some.filter(([key]) => this.#failed.has(key)).length };
  };

  #decided(): readonly (readonly [key: string, retry: Retry])[] {
    return [...this.#sent].filter(([key, retry]) => this.#failed.has(key) || this.#isDecided(retry));
  }

  readonly #isDecided = (retry: Retry): boolean =>
    isDecided(retry, { committed: this.#committed, finishedJobs: noJobs });

  #isDecidedKey(key: string): boolean {
    const retry = this.#sent.get(key);
    return retry !== undefined && this.#isDecided(retry);
  }

  readonly #seeRetry = (at: TopicPartition, record: LogRecord): void => {
    const retry = retryOf(at, record);
    if (retry?.job !== this.#tracked.job.id) return;
    const key = attemptKey(retry);
    if (this.#sent.has(key)) this.#copies += 1;
    else this.#sent.set(key, retry);
  };

  readonly #seeLetter = (at: TopicPartition, record: LogRecord): void => {
    const letter = letterOf(at, record);
    const origin = originKey(letter.origin);
    const attempt = this.#attempts.get(origin);
    if (attempt === undefined) {
      if (letter.attempt === 1 && (this.#tracked.isMeant?.(letter) ?? true)) this.#new.add(origin);
    } else if (letter.attempt > attempt) this.#failed.add(attemptKey({ origin: letter.origin, attempt }));
  };

  /** Answers where it ended. A topic that is missing has nothing new. */
  async #readOn(
    topic: string,
    from: readonly bigint[],
    see: (at: TopicPartition, record: LogRecord) => void,
  ): Promise<readonly bigint[]> {
    const ends = await unlessMissing(() => this.#cluster.endOffsets(topic), from);
    const ranges = ends
      .map((end, partition) => ({ partition, from: from[partition] ?? 0n, end }))
      .filter((range) => range.from < range.end);
    if (ranges.length === 0) return from;
    await this.#cluster.readRanges(topic, ranges, (partition, records) => {
      for (const record of records) see({ topic, partition }, record);
    });
    return ends;
  }
}

const noJobs: ReadonlySet<string> = new Set();
