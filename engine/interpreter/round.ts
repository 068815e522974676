/**
 * What goes into the interpreter and what comes out of it: a round of records, the environment they are taken
 * through a topology in, and how each one's path ended.
 */
import type { Buffer } from "node:buffer";
import type { Item, RecordHeaders } from "../flow/processor.ts";
import type { AnyTopic } from "../flow/parts.ts";
import type { RecordState } from "./record-state.ts";

/** A record and what orders it. */
export type InLane = Item<unknown> & { readonly lane: string };

/** A call of a step's, a sink's or an undo's function for part of a round. */
export interface Call<R> {
  /** The step, `undo <name>` or `write <sink>`: names the call in logs, metrics and dead letters. */
  readonly name: string;
  readonly items: readonly InLane[];
  /** The step's own limits; undefined: the environment's attempts, and no time limit. */
  readonly attempts?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** Whether it may run while records before these, of the same lanes, are at later calls. Default: false. */
  readonly ahead?: boolean | undefined;
  /**
   * Answers one result an item, in the order of the items given: an outcome for a step, `undefined` for a store or an
   * undo. May be called again, with the same items or with a part of them. Rejects as the function it calls does.
   */
  readonly run: (items: readonly Item<unknown>[]) => Promise<readonly R[]>;
}

/** What a call came to for one item. */
export type Result<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

/** What a call came to where it succeeded for all of its items, as nearly every call does: no object is made for each. */
export class AllSucceeded<R> {
  /** One for each item, in order. */
  readonly values: readonly R[];
  constructor(values: readonly R[]) {
    this.values = values;
  }
}

/** What a call came to, for every item in order. */
export type Results<R> = AllSucceeded<R> | readonly Result<R>[];

/** The same with an object for each item. */
export const listOf = <R>(results: Results<R>): readonly Result<R>[] =>
  results instanceof AllSucceeded ? results.values.map((value) => ({ ok: true, value })) : results;

/** A record to write to a topic, caused by one record of the round. */
export interface Emission {
  readonly sink: AnyTopic;
  /** The key of the projected value. */
  readonly key: string;
  /** The projected value as the environment has encoded it. */
  readonly bytes: Buffer;
  /** What its record's headers say of the trace; undefined where they say nothing. */
  readonly headers: RecordHeaders | undefined;
}

/** What a path writes: one, or a list. */
export type Emissions = Emission | readonly Emission[];

/** What a path writes, as a list. */
export const emissionsIn = ({ emissions }: { readonly emissions: Emissions }): readonly Emission[] =>
  "sink" in emissions ? [emissions] : emissions;

/**
 * How one record's path ended. `failed`: by an error, at `call`; `held` names the steps whose effects are in doubt,
 * last first. After a poison error it is empty: they were undone, unless a pivot had been passed.
 */
export type Ending =
  | { readonly kind: "ended"; readonly by: "to" | "fail" | "drop" }
  | { readonly kind: "failed"; readonly call: string; readonly error: unknown; readonly held: readonly string[] };

/** One record's path through the round: its last value, what it writes, how it ended. */
export interface Path extends Item<unknown> {
  /** What orders it: records of one lane run in order where a step decides one by one. */
  readonly lane: string;
  /** See {@link emissionsIn}. */
  readonly emissions: Emissions;
  readonly ending: Ending;
}

/** What the interpreter is given to run with. */
export interface StepEnvironment {
  /**
   * Runs a call, with whatever retries and isolation the environment has; answers for every item, in order. Where it gives up on
   * one and goes on, it answers `Behind` for the later ones of that lane.
   */
  readonly attempt: <R>(call: Call<R>) => Promise<Results<R>>;
  /** What was given for the topology's needs. */
  readonly deps: unknown;
  /** Encodes a value of a topic's schema. One that does not fit it throws, which makes its record poison. */
  readonly encode: (sink: AnyTopic, value: unknown) => Buffer;
  /** Epoch ms. */
  readonly now: () => number;
  /** Runs one-by-one steps of several lanes side by side, within its bound. */
  readonly limit: <T>(task: () => Promise<T>) => Promise<T>;
  /** Called at every turn that part of a round takes. */
  readonly observe?: (turn: Turn, paths: readonly Item<unknown>[]) => void;
}

/** A turn in a path. */
export type Turn =
  | { readonly kind: "outcome"; readonly step: string; readonly outcome: string }
  | { readonly kind: "undone"; readonly step: string; readonly undo: string }
  | { readonly kind: "written"; readonly sink: string }
  | { readonly kind: "dropped"; readonly reason: string };

/** A record that enters a round, made by `enter`: once for each, since it is the state of the path that it begins. */
export type Entrant = RecordState;

/** A topology made ready to take rounds. */
export interface Interpreter {
  /** Whether the first call for records of this source may run ahead of the calls for those before them. */
  readonly isAhead: (source: string) => boolean;
  /**
   * Takes records of one source through; answers a path for each, in order: the entrants themselves, which have ended. Rejects
   * only with what `attempt` rejects with: an error of a call ends the path of its record, not the round.
   */
  readonly round: (source: string, entrants: readonly Entrant[], around: StepEnvironment) => Promise<readonly Path[]>;
}
