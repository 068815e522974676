/** The failed tries of records, so that a dead letter tells how often its record was tried and since when. */
import type { Item, RecordContext } from "../../flow/processor.ts";

/** Failed tries of one record. */
export interface Tried {
  readonly tries: number;
  /** When the first and the last of them failed, epoch ms. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** Failed tries by record and call. */
export interface Tries {
  /** A call for these records failed. In a round all of them were tried; one that is isolated has the tries of its rounds too. */
  readonly failed: (call: string, items: readonly Item<unknown>[], atMs: number) => void;
  /** Of one record at one call; undefined where none failed. */
  readonly of: (context: RecordContext, call: string) => Tried | undefined;
}

/** No tries. Nothing is kept of records that are gone, nor anything at all of those that never failed. */
export const createTries = (): Tries => {
  const byRecord = new WeakMap<RecordContext, Map<string, Tried>>();
  return {
    failed: (call, items, atMs) => {
      for (const { context } of items) {
        const calls = byRecord.get(context) ?? new Map<string, Tried>();
        calls.set(call, addTries(calls.get(call), { tries: 1, firstAtMs: atMs, lastAtMs: atMs }));
        byRecord.set(context, calls);
      }
    },
    of: (context, call) => byRecord.get(context)?.get(call),
  };
};

/** Tries after earlier ones. */
export const addTries = (earlier: Tried | undefined, later: Tried): Tried =>
  earlier === undefined
    ? later
    : { tries: earlier.tries + later.tries, firstAtMs: earlier.firstAtMs, lastAtMs: later.lastAtMs };
