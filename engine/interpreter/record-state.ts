/** The state of one record's path: mutable, and seen by processors and observers as the item it carries. */
import { codeOf, dispositionOf, Retriable } from "../errors.ts";
import type { Item, Outcome, RecordContext } from "../flow/processor.ts";
import type { AnyStep, AnyUndo } from "../flow/parts.ts";
import {
  AllSucceeded,
  type Emission,
  type Emissions,
  emissionsIn,
  type Ending,
  listOf,
  type Path,
  type Results,
} from "./round.ts";

/** A record's path while its round is decided. */
export interface RecordState extends Item<unknown> {
  value: unknown;
  readonly lane: string;
  /** What `keep` keeps, by name: part of every later outcome of the path. */
  kept: Readonly<Record<string, unknown>> | undefined;
  pending: PendingUndo | undefined;
  /** Past a pivot a flow only goes forward: no pending undo runs any more. */
  pivoted: boolean;
  /** Nearly all write one, which needs no list. */
  emissions: Emissions;
  ending: Ending | undefined;
}

/** The undo of an effect, on top of the ones before it. */
export interface PendingUndo {
  readonly step: string;
  readonly undo: AnyUndo;
  readonly done: unknown;
  readonly below: PendingUndo | undefined;
}

const none: readonly Emission[] = [];

/** Adds one to what a record writes. */
export const emit = (record: RecordState, emission: Emission): void => {
  record.emissions = record.emissions === none ? emission : [...emissionsIn(record), emission];
};

/** Adds several. */
export const emitAll = (record: RecordState, emissions: readonly Emission[]): void => {
  record.emissions = record.emissions === none ? emissions : [...emissionsIn(record), ...emissions];
};

/** A record at the beginning of its path, for one round: the state of its path from then on. */
export const enter = (value: unknown, context: RecordContext, lane: string): RecordState => ({
  value,
  context,
  lane,
  kept: undefined,
  pending: undefined,
  pivoted: false,
  emissions: none,
  ending: undefined,
});

/** The paths as their caller sees them: the states themselves, which change no more. */
export const toPaths = (records: readonly RecordState[]): readonly Path[] => {
  for (const record of records)
    if (!hasEnded(record)) throw new Error(`the path of ${record.context.idempotencyKey} has no ending`);
  return records as readonly (RecordState & Path)[]; // Each was checked.
};

const hasEnded = (record: RecordState): record is RecordState & Path => record.ending !== undefined;

/** A step decided: the path carries the outcome on, with what it keeps, and its undo is pending where it has one. */
export const applyOutcome = (record: RecordState, { name, undo }: AnyStep, outcome: Outcome): void => {
  record.value = record.kept === undefined ? outcome : withKept(outcome, record.kept);
  const how = undo[outcome.kind];
  if (how === undefined) return;
  if ("pivot" in how) record.pivoted = true;
  else record.pending = { step: name, undo: how, done: record.value, below: record.pending };
};

/** A copy, because a step may give many records one outcome. A second spread costs twice as much: 98 instead of 52 ns. */
const withKept = (outcome: Outcome, kept: Readonly<Record<string, unknown>>): unknown => {
  const value: Record<string, unknown> = { ...outcome };
  // Kept values come last: what the path has under a name is what the topology's types say.
  for (const name in kept) value[name] = kept[name];
  return value;
};

/** Ends paths by an error, with their pending undos in doubt. */
export const failAll = (records: readonly RecordState[], call: string, error: unknown): void => {
  for (const record of records) record.ending = { kind: "failed", call, error, held: pendingSteps(record.pending) };
};

const pendingSteps = (pending: PendingUndo | undefined): readonly string[] =>
  pending === undefined ? [] : [pending.step, ...pendingSteps(pending.below)];

/** Records by the result of a call for each. */
export interface Settled<R> {
  readonly succeeded: readonly RecordState[];
  /** One for each of those that succeeded, in their order. */
  readonly values: readonly R[];
  readonly failed: readonly { readonly record: RecordState; readonly error: unknown }[];
}

/** Matches a call's results to the records it was made for. */
export const settle = <R>(records: readonly RecordState[], call: string, answered: Results<R>): Settled<R> => {
  if (answered instanceof AllSucceeded && answered.values.length === records.length)
    return { succeeded: records, values: answered.values, failed: [] };
  const results = listOf(answered);
  const values: R[] = [];
  const failed: { readonly record: RecordState; readonly error: unknown }[] = [];
  const succeeded: RecordState[] = [];
  let at = 0;
  for (const record of records) {
    const result = results[at++] ?? { ok: false, error: wrongCount(call, records.length, results.length) };
    if (result.ok) {
      succeeded.push(record);
      values.push(result.value);
    } else failed.push({ record, error: result.error });
  }
  return { succeeded, values, failed };
};

/** The failures that poison caused, by its code, where pending undos may run; and the others. */
export const sortFailures = (failed: Settled<unknown>["failed"]) => {
  const canUndo = ({ record, error }: (typeof failed)[number]) =>
    dispositionOf(error) === "poison" && record.pending !== undefined && !record.pivoted;
  return {
    toUndo: Map.groupBy(failed.filter(canUndo), ({ error }) => codeOf(error)),
    asTheyAre: failed.filter((failure) => !canUndo(failure)),
  };
};

/**
 * A function answered for another number of items than it was given, so no answer can be matched to its record. None is
 * used: where the environment isolates, the guilty record is found by itself.
 */
export const wrongCount = (call: string, given: number, answered: number): Retriable =>
  new Retriable("WRONG_ANSWER_COUNT", `"${call}" was given ${given} record(s) and answered for ${answered}`);

/** A step gave an outcome that its type does not have: what it did is unknown. */
export const undeclaredOutcome = (step: string, kind: unknown): Retriable =>
  new Retriable("UNDECLARED_OUTCOME", `step "${step}" gave outcome "${kind}", which the topology does not know`);
