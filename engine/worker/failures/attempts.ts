/**
 * What is done about a call that fails, by its disposition: hold and back off, retry and then isolate the guilty record, or
 * stop. A call for records answers for each of them; a call without records answers once, or throws.
 */
import { dispositionOf, type Fatal, Poison, Retriable } from "../../errors.ts";
import type { Item } from "../../flow/processor.ts";
import { createKeptLanes } from "../../interpreter/behind.ts";
import { AllSucceeded, type Call, listOf, type Result, type Results } from "../../interpreter/round.ts";
import { contextOfRecord, traceFieldOf } from "../../tracing/trace-context.ts";
import type { Tries } from "./tries.ts";
import { type Backoff, backoffMs, type Clock, type Random } from "../../clock.ts";

/** How failed calls are retried. */
export interface AttemptOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Between attempts. */
  readonly backoff: Backoff;
  /** Attempts at a `retriable` failure before the round is halved, and again for the isolated record. 1 and up. */
  readonly maxAttempts: number;
  /** Aborted when the partition is revoked or the process stops: calls that wait are given up, nothing is finished. */
  readonly signal: AbortSignal;
  /** Lists an attempt while it is waited for, so that the watchdog finds one that never answers. Lists none by default. */
  readonly during?: <T>(call: string, work: Promise<T>) => Promise<T>;
  /** Told which records were tried in vain. */
  readonly tries?: Pick<Tries, "failed">;
  /** Called for every failed attempt, and for holds that begin and end. */
  readonly observe?: (event: AttemptEvent) => void;
}

/** Something to log or count. */
export type AttemptEvent =
  | ({ readonly kind: "failed"; readonly call: string; readonly records: number } & Failing)
  | ({ readonly kind: "holding" } & HoldEvent & Failing)
  | ({ readonly kind: "resumed" } & HoldEvent)
  /** The call on hold was given up, because the partition is leaving. */
  | ({ readonly kind: "abandoned" } & HoldEvent);

interface Failing {
  readonly error: unknown;
  /** Of the only record that the call is for. */
  readonly traceId?: string;
}

interface HoldEvent {
  readonly call: string;
  /** Attempts that have failed since the hold began. */
  readonly failures: number;
}

/** The attempt was given up because the partition is leaving: its next owner reads the record again. */
export class Aborted extends Error {
  readonly code = "ABORTED";
  constructor() {
    super("given up because the partition is leaving");
  }
}

/** Runs a call for records, with retries and isolation; answers for every record, in order. @throws Aborted @throws Fatal */
export type AttemptAll = <R>(call: Call<R>) => Promise<Results<R>>;

/**
 * Runs a call that belongs to no single record: holds while a dependency is away, retries up to the limit, then throws what
 * the last attempt threw. @throws Aborted @throws Fatal @throws Error
 */
export type AttemptOnce = <T>(name: string, run: () => Promise<T>) => Promise<T>;

/** Makes the `attempt` of an interpreter's environment. */
export const createAttemptAll = (options: AttemptOptions): AttemptAll => {
  const attemptAll: AttemptAll = async (call) => {
    const { items, run } = call;
    const settled = await tryUntilSettled(options, { ...call, items, run: () => run(items) });
    if (settled.ok) return new AllSucceeded(settled.value);
    return isolate(options, call, settled.error, attemptAll);
  };
  return attemptAll;
};

/** Makes the attempts of calls without records. */
export const createAttemptOnce =
  (options: AttemptOptions): AttemptOnce =>
  async (name, run) => {
    const settled = await tryUntilSettled(options, { name, items: [], run });
    if (!settled.ok) throw settled.error;
    return settled.value;
  };

interface Trying<T> extends Pick<Call<T>, "name" | "attempts" | "timeoutMs" | "items"> {
  readonly run: () => Promise<T>;
}

/** Tries until it succeeds, until the error is not worth another attempt, or until it is aborted. */
const tryUntilSettled = async <T>(options: AttemptOptions, call: Trying<T>): Promise<Result<T>> => {
  const { clock, random, backoff, signal, observe, during } = options;
  const { name, items, attempts: maxAttempts = options.maxAttempts } = call;
  let holds = 0;
  let misses = 0;
  const endHold = (kind: "resumed" | "abandoned"): void => {
    if (holds > 0) observe?.({ kind, call: name, failures: holds });
    holds = 0;
  };
  for (;;) {
    try {
      const running = runInTime(clock, call);
      const value = await (during === undefined ? running : during(name, running));
      endHold("resumed");
      return { ok: true, value };
    } catch (error) {
      if (error instanceof Aborted) {
        // A call within this one was given up, and this one with it.
        endHold("abandoned");
        throw error;
      }
      options.tries?.failed(name, items, clock.now());
      const disposition = dispositionOf(error);
      if (disposition === "unavailable") {
        // A dependency that is away is waited for without limit; it uses up no attempts.
        observe?.({ kind: "holding", call: name, error, failures: ++holds, ...traceOf(items) });
      } else {
        // An error is an answer too: the dependency is back.
        endHold("resumed");
        if (disposition === "fatal") throw error as Fatal;
        if (disposition === "poison") return { ok: false, error };
        observe?.({ kind: "failed", call: name, error, records: items.length, ...traceOf(items) });
        if (++misses >= maxAttempts) return { ok: false, error };
      }
      // The signal is read after a failure only: a round without one finishes while its partition is drained.
      await clock.sleep(backoffMs(backoff, holds + misses, random), signal);
      if (signal.aborted) {
        endHold("abandoned");
        throw new Aborted();
      }
    }
  }
};

const traceOf = ([only, another]: Call<unknown>["items"]) =>
  only === undefined || another !== undefined ? {} : traceFieldOf(contextOfRecord(only.context.headers));

/** Runs a call once; what it does after its time limit is not waited for. @throws Retriable STEP_TIMEOUT */
const runInTime = async <T>(clock: Clock, { name, timeoutMs, run }: Trying<T>): Promise<T> => {
  if (timeoutMs === undefined) return run();
  const ended = new AbortController();
  const timeout = async (): Promise<never> => {
    await clock.sleep(timeoutMs, ended.signal);
    throw new Retriable("STEP_TIMEOUT", `"${name}" took longer than ${timeoutMs} ms`);
  };
  try {
    return await Promise.race([run(), timeout()]);
  } finally {
    ended.abort();
  }
};

/**
 * Takes a named record out; halves a round without a name until the guilty record is by itself. What is behind a record that was
 * given up on is not tried: its dead letter comes first.
 */
const isolate = async <R>(
  options: AttemptOptions,
  call: Call<R>,
  error: unknown,
  attemptAll: AttemptAll,
): Promise<readonly Result<R>[]> => {
  const { items } = call;
  // Without records there is nothing to answer for: the error would be lost.
  if (items.length === 0) throw error;
  if (items.length === 1) return [{ ok: false, error }];
  // Isolating takes a call for every half: for many guilty records that is longer than a drain may take.
  if (options.signal.aborted) throw new Aborted();
  const guilty = indexOfGuilty(items, error);
  const cuts = guilty === undefined ? [items.length >> 1] : [guilty, guilty + 1];
  const kept = createKeptLanes();
  const answering = (part: Call<R>["items"]) => attemptAll({ ...call, items: part });
  const results: Result<R>[] = [];
  let start = 0;
  for (const end of [...cuts, items.length]) {
    const part = items.slice(start, end);
    // The part before a guilty first record is empty: an answer for it would give each record its neighbour's answer.
    if (part.length === 0) continue;
    if (start === guilty) results.push({ ok: false, error });
    else for (const result of listOf(await kept.answer(part, answering))) results.push(result);
    start = end;
  }
  return results;
};

/** Undefined where several records have the named key: one of them may be correct, so each is isolated by halving. */
const indexOfGuilty = (items: readonly Item<unknown>[], error: unknown): number | undefined => {
  if (!(error instanceof Poison) || error.idempotencyKey === undefined) return undefined;
  const isNamed = ({ context }: Item<unknown>): boolean => context.idempotencyKey === error.idempotencyKey;
  const at = items.findIndex(isNamed);
  return at < 0 || at !== items.findLastIndex(isNamed) ? undefined : at;
};
