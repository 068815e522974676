/** What a processor, its outcomes and a compensation are. Pure declarations: no driver, no clock, no network. */
import type { Buffer } from "node:buffer";

/** What a processor decided: one of a closed set, distinguished by `kind`. */
export type Outcome = { readonly kind: string };

/** The outcomes of `O` whose kind is `K`. */
export type Variant<O extends Outcome, K extends O["kind"]> = Extract<O, { readonly kind: K }>;

/** The outcome of a step that catches poison: what was wrong with the record, and the value that the step was given. */
export interface Poisoned<T> {
  readonly kind: "poison";
  /** The error's code. */
  readonly code: string;
  readonly message: string;
  readonly input: T;
}

/** Headers of a record: names to their bytes. A name may be repeated, a value may be null. */
export type RecordHeaders = Readonly<Record<string, HeaderBytes | readonly HeaderBytes[]>>;
/** One header's bytes. */
export type HeaderBytes = Buffer | null;

/** Where a record came from, and how to make what it causes safe to repeat. */
export interface RecordContext {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The broker's timestamp, epoch ms: the same at every delivery. A record that is replayed has that of its replay. */
  readonly timestampMs: number;
  /**
   * When the record was accepted, epoch ms: `timestampMs`, but for a record that is replayed from the dead letters the
   * timestamp of its original. What somebody was in time for is judged by this one.
   */
  readonly acceptedAtMs: number;
  /** The record's key, as it was read: not to be changed. */
  readonly key: Buffer | null;
  /** The record's headers, by name; several values of one name are a list, in their order. Not to be changed. */
  readonly headers: RecordHeaders;
  /** The record's id by its topic: equal for every delivery, and for every copy, of the same record. */
  readonly idempotencyKey: string;
}

/** A value on its way, with the record it came from. */
export interface Item<T> {
  readonly value: T;
  readonly context: RecordContext;
}

/** Decides one record. */
export type Run<In, Out, Deps> = (input: In, deps: Deps, context: RecordContext) => Promise<Out>;

/** Decides many records at once, in offset order; answers in the order of its inputs, one for each. */
export type RunMany<In, Out, Deps> = (items: readonly Item<In>[], deps: Deps) => Promise<readonly Out[]>;

/** One record at a time, or a whole round at once. */
type How<In, Out, Deps> =
  | { readonly run: Run<In, Out, Deps>; readonly runMany?: undefined }
  | { readonly runMany: RunMany<In, Out, Deps>; readonly run?: undefined };

/**
 * One decision. Asked again for the same idempotency key it gives the same outcome.
 * `C` names the outcomes that leave an effect behind: a topology must say how each is undone.
 */
export type Processor<In, Out extends Outcome, Deps, C extends Out["kind"] = never> = {
  readonly name: string;
  readonly compensatable: readonly C[];
  /**
   * Whether it may decide records of a key while those before them are at later steps. So it says that nothing it answers rests
   * on how those end: where that matters, a later step decides again. It makes a difference only where it comes first in a topology
   * whose steps, undos and stores all take rounds (`runMany`), and only while many records wait. Default: false.
   */
  readonly ahead?: boolean;
} & How<In, Out, Deps>;

/** Declares a processor; adds nothing but the inference of its types. */
export const defineProcessor = <In, Out extends Outcome, Deps, const C extends Out["kind"] = never>(
  processor: Processor<In, Out, Deps, C>,
): Processor<In, Out, Deps, C> => processor;

/** Undoes one outcome of one step, one record or a whole round at a time. Runs at least once, so it is idempotent. */
export type Compensation<Done, Deps> = { readonly name: string } & (
  | { readonly run: (done: Done, deps: Deps, context: RecordContext) => Promise<void>; readonly runMany?: undefined }
  | { readonly runMany: (done: readonly Item<Done>[], deps: Deps) => Promise<void>; readonly run?: undefined }
);

/** Declares a compensation; adds nothing but the inference of its types. */
export const defineCompensation = <Done, Deps>(compensation: Compensation<Done, Deps>): Compensation<Done, Deps> =>
  compensation;

/** Marks an outcome past which a flow may only go forward. */
export interface Pivot {
  readonly pivot: string;
}
/** Says why an outcome that leaves an effect behind is never undone. */
export const pivot = (reason: string): Pivot => ({ pivot: reason });
