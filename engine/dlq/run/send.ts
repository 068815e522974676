/** Sends one batch of letters to the retry topic, each at most once as far as a look can tell. */
import { type Backoff, backoffMs, type Clock } from "../../clock.ts";
import { isHeld, Poison } from "../../errors.ts";
import type { LogRecord, LogWriter, NewRecord, TopicPartition } from "../../log/log.ts";
import { idText, type Letter } from "../letters/letter.ts";
import { retryTopic, toRetryRecord } from "../../worker/round/retry-record.ts";
import type { DlqCluster } from "../ports.ts";
import { fetchLetters } from "./fetch-letters.ts";

/** Makes another value of a letter's. @throws whatever it likes: the letter is not sent then */
export type Transform = (letter: Letter, record: LogRecord) => Promise<Buffer>;

/** What sending works with. */
export interface Sending {
  readonly cluster: DlqCluster;
  readonly append: LogWriter["append"];
  readonly clock: Clock;
  readonly topology: string;
  readonly job: string;
  /** Whether the retry topic has it, as far as the last look saw. */
  readonly isSent: (letter: Letter) => boolean;
  /** Reads what is new in the retry topic, once it answers. */
  readonly look: () => Promise<void>;
  readonly transform?: Transform | undefined;
  /** To be called before an append is tried again. @throws where this runner may not go on */
  readonly prove: () => Promise<unknown>;
}

/** Why a letter was not sent. */
export type NotSent = "gone" | "too-large" | "not-transformed";

/** Between attempts while no broker answers. */
const backoff: Backoff = { initialMs: 250, maxMs: 5_000 };
/** Attempts in a row that may fail: about a minute. */
const maxFailures = 15;

/**
 * Sends letters of one partition in their order. Answers those that were not sent, and why.
 *
 * - refused, slow, cut before the append: unknown to us, like the next.
 * - cut after it, or never answered: the retry topic is read; what is there is not sent again.
 * - answered twice: readers know a copy by its id and attempt, and it takes effect once.
 * - too large: halved until the guilty letter is by itself; it is not sent, the others are.
 *
 * @throws Unavailable where no broker took it for about a minute
 */
export const sendLetters = async (
  sending: Sending,
  letters: readonly Letter[],
): Promise<readonly (readonly [Letter, NotSent])[]> => {
  const notSent: (readonly [Letter, NotSent])[] = [];
  const records = await persistently(sending, () => fetchLetters(sending.cluster, letters));
  const ready: Ready[] = [];
  for (const letter of letters) {
    const record = records.get(idText(letter.place));
    if (record === undefined) notSent.push([letter, "gone"]);
    else {
      const made = await retryRecordOf(sending, letter, record);
      if (made === undefined) notSent.push([letter, "not-transformed"]);
      else ready.push({ letter, record: made });
    }
  }
  const tooLarge = await appendReady(sending, ready);
  return [...notSent, ...tooLarge.map((letter) => [letter, "too-large"] as const)];
};

interface Ready {
  readonly letter: Letter;
  readonly record: NewRecord;
}

const retryRecordOf = async (
  { job, transform }: Sending,
  letter: Letter,
  record: LogRecord,
): Promise<NewRecord | undefined> => {
  if (transform === undefined) return toRetryRecord(record, job);
  try {
    return toRetryRecord({ ...record, value: await transform(letter, record) }, job);
  } catch {
    // It was tried when this was planned; a letter that it fails now is counted, and stays open.
    return undefined;
  }
};

/** Answers those that no broker will ever take. */
const appendReady = async (sending: Sending, ready: readonly Ready[]): Promise<readonly Letter[]> => {
  const [first] = ready;
  if (first === undefined) return [];
  const to = { topic: retryTopic(sending.topology), partition: first.letter.origin.partition };
  try {
    await appendOnce(sending, to, ready);
    return [];
  } catch (error) {
    if (!(error instanceof Poison)) throw error;
    if (ready.length === 1) return [first.letter];
    const half = Math.ceil(ready.length / 2);
    const before = await appendReady(sending, ready.slice(0, half));
    return [...before, ...(await appendReady(sending, ready.slice(half)))];
  }
};

/** What an append that was not answered wrote is found by a look, and is not sent again. */
const appendOnce = async (sending: Sending, to: TopicPartition, ready: readonly Ready[]): Promise<void> => {
  let left = ready;
  const append = async (): Promise<void> => {
    left = left.filter(({ letter }) => !sending.isSent(letter));
    if (left.length === 0) return;
    await sending.append(
      to,
      left.map(({ record }) => record),
    );
  };
  await persistently(sending, append);
};

/** Tries until a broker answers; before each further try this runner proves itself and looks. */
const persistently = async <T>({ clock, prove, look }: Sending, work: () => Promise<T>): Promise<T> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isHeld(error) || failures > maxFailures) throw error;
      await clock.sleep(backoffMs(backoff, failures, Math.random));
      await prove();
      await look();
    }
  }
};
