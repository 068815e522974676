/**
 * What is done about a call that fails, by its disposition: hold and back off, try again and then isolate, single the
 * guilty record out, or stop. Answers for every record; only `Fatal` and `Aborted` leave as errors.
 */
import { dispositionOf, type Fatal, Poison, Retriable } from "../../errors.ts";
import type { Item } from "../../flow/processor.ts";
import type { Call, Result } from "../../interpreter/interpret.ts";
import { type Backoff, backoffMs, type Clock, type Random } from "../../clock.ts";

/** How failures are met. */
export interface AttemptOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Between attempts. */
  readonly backoff: Backoff;
  /** Attempts at a `retriable` failure before the round is halved, and again for the record that stands alone. */
  readonly maxAttempts: number;
  /** Aborted when the partition is given back or the process stops: what waits gives up, nothing is finished. */
  readonly signal: AbortSignal;
  /** Told of every failed attempt, and of holds that begin and end. */
  readonly observe?: (event: AttemptEvent) => void;
}

/** Something to log or count. */
export type AttemptEvent =
  | { readonly kind: "failed"; readonly call: string; readonly error: unknown; readonly records: number }
  | ({ readonly kind: "holding"; readonly error: unknown } & HoldEvent)
  | ({ readonly kind: "resumed" } & HoldEvent)
  /** What was held up is given up on, because the partition is leaving. */
  | ({ readonly kind: "abandoned" } & HoldEvent);

interface HoldEvent {
  readonly call: string;
  /** Attempts that have failed since it began. */
  readonly failures: number;
}

/** The attempt was given up because the partition is leaving: the record will come again. */
export class Aborted extends Error {
  readonly code = "ABORTED";
  constructor() {
    super("given up because the partition is leaving");
  }
}

/** Makes the `attempt` of an interpreter's surroundings. @throws Aborted @throws Fatal */
export const createAttempt =
  (options: AttemptOptions) =>
  async <R>(call: Call<R>): Promise<readonly Result<R>[]> => {
    const outcome = await tryUntilSettled(options, call);
    if (outcome.ok) return outcome.value.map((value) => ({ ok: true, value }));
    return isolate(options, call, outcome.error);
  };

/** Tries until it succeeds, until the error is not worth another attempt, or until it is aborted. */
const tryUntilSettled = async <R>(options: AttemptOptions, call: Call<R>): Promise<Result<readonly R[]>> => {
  const { clock, random, backoff, signal, observe } = options;
  const maxAttempts = call.attempts ?? options.maxAttempts;
  let holds = 0;
  let misses = 0;
  const endHold = (kind: "resumed" | "abandoned"): void => {
    if (holds > 0) observe?.({ kind, call: call.name, failures: holds });
    holds = 0;
  };
  for (;;) {
    try {
      const value = await runInTime(clock, call);
      endHold("resumed");
      return { ok: true, value };
    } catch (error) {
      if (error instanceof Aborted) {
        // A call within this one was given up, and this one with it.
        endHold("abandoned");
        throw error;
      }
      const disposition = dispositionOf(error);
      if (disposition === "unavailable") {
        // A dependency that is away is waited for, however long it takes; it uses up no attempts.
        observe?.({ kind: "holding", call: call.name, error, failures: ++holds });
      } else {
        // It answered, be it badly: what was away is back.
        endHold("resumed");
        if (disposition === "fatal") throw error as Fatal;
        if (disposition === "poison") return { ok: false, error };
        observe?.({ kind: "failed", call: call.name, error, records: call.items.length });
        if (++misses >= maxAttempts) return { ok: false, error };
      }
      // Only a failure asks whether to go on: a round that meets none finishes while its partition is drained.
      await clock.sleep(backoffMs(backoff, holds + misses, random), signal);
      if (signal.aborted) {
        endHold("abandoned");
        throw new Aborted();
      }
    }
  }
};

/** Runs a call once; what it does after its time limit is not waited for. @throws Retriable STEP_TIMEOUT */
const runInTime = async <R>(clock: Clock, call: Call<R>): Promise<readonly R[]> => {
  const { name, items, timeoutMs } = call;
  if (timeoutMs === undefined) return call.run(items);
  const ended = new AbortController();
  const timeout = async (): Promise<never> => {
    await clock.sleep(timeoutMs, ended.signal);
    throw new Retriable("STEP_TIMEOUT", `"${name}" took longer than ${timeoutMs} ms`);
  };
  try {
    return await Promise.race([call.run(items), timeout()]);
  } finally {
    ended.abort();
  }
};

/** A named record is taken out; a round without a name is halved until the guilty record stands alone. */
const isolate = async <R>(options: AttemptOptions, call: Call<R>, error: unknown): Promise<readonly Result<R>[]> => {
  const { items } = call;
  if (items.length <= 1) return items.map(() => ({ ok: false, error }));
  // Singling out takes a call for every half: of many guilty records, longer than a drain may.
  if (options.signal.aborted) throw new Aborted();
  const guilty = indexOfGuilty(items, error);
  const cuts = guilty === undefined ? [items.length >> 1] : [guilty, guilty + 1];
  const results: Result<R>[] = [];
  let start = 0;
  for (const end of [...cuts, items.length]) {
    const part = items.slice(start, end);
    // Nothing stands before a guilty record that is the first: one answer too many would give each record its neighbour's.
    if (part.length === 0) continue;
    if (start === guilty) results.push({ ok: false, error });
    else results.push(...(await createAttempt(options)({ ...call, items: part })));
    start = end;
  }
  return results;
};

/** Undefined where copies share the name: one of them may be in order, so each must show itself. */
const indexOfGuilty = (items: readonly Item<unknown>[], error: unknown): number | undefined => {
  if (!(error instanceof Poison) || error.idempotencyKey === undefined) return undefined;
  const isNamed = ({ context }: Item<unknown>): boolean => context.idempotencyKey === error.idempotencyKey;
  const at = items.findIndex(isNamed);
  return at < 0 || at !== items.findLastIndex(isNamed) ? undefined : at;
};
