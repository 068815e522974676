/** Runs the pending undos of paths, last effect first, and writes a record of each that declares one. */
import { call, voids } from "./call.ts";
import type { StepEnvironment } from "./round.ts";
import { emit, failAll, type RecordState, settle, type Settled, sortFailures } from "./record-state.ts";
import { emissionOf } from "./emission.ts";
import { together } from "./together.ts";

/**
 * Runs every pending undo of the records; answers those for which that succeeded. The path of another ends as failed,
 * with what is left pending in doubt. The records took the same path, so they have the same pending undos. `reason`: the
 * outcome, or the code of the error, that made it necessary.
 */
export const unwind = async (
  environment: StepEnvironment,
  reason: string,
  records: readonly RecordState[],
): Promise<readonly RecordState[]> => {
  const pending = records[0]?.pending;
  if (pending === undefined) return records;
  const { compensation, sink } = pending.undo;
  const name = `undo ${compensation.name}`;
  const { run, runMany } = compensation;
  const callee = { name, run, runMany: runMany && voids(runMany) };
  const items = records.map(({ pending: own, context, lane }) => ({ value: own?.done, context, lane }));
  const { succeeded: undone, failed } = settle(records, name, await call<unknown>(environment, callee, items));
  for (const { record, error } of failed) failAll([record], name, error);
  if (undone.length === 0) return [];
  environment.observe?.({ kind: "undone", step: pending.step, undo: compensation.name }, undone);
  const recorded = undone.filter((record) => emitUndone(record, reason, environment));
  if (sink !== undefined) environment.observe?.({ kind: "written", sink: sink.name }, recorded);
  return unwind(environment, reason, recorded);
};

/** The effect is gone, whatever happens next; false where its record cannot be made, which ends the path. */
const emitUndone = (record: RecordState, reason: string, environment: StepEnvironment): boolean => {
  const { pending } = record;
  if (pending === undefined) return true;
  record.pending = pending.below;
  const { done, undo } = pending;
  const { sink, project } = undo;
  if (sink === undefined || project === undefined) return true;
  try {
    const value = project({ done, reason, undoneAt: environment.now() }, record.context);
    emit(record, emissionOf(environment, sink, { value, context: record.context }));
    return true;
  } catch (error) {
    failAll([record], `write ${sink.name}`, error);
    return false;
  }
};

/**
 * Ends the paths of failed records. A poison record leaves nothing behind: its pending undos run first. After any other
 * error nothing is known, so nothing is undone: what is pending is in doubt.
 */
export const giveUp = async (
  environment: StepEnvironment,
  name: string,
  failed: Settled<unknown>["failed"],
): Promise<void> => {
  if (failed.length === 0) return;
  const { toUndo, asTheyAre } = sortFailures(failed);
  for (const { record, error } of asTheyAre) failAll([record], name, error);
  await together(
    [...toUndo].map(async ([code, poisoned]) => {
      await unwind(
        environment,
        code,
        poisoned.map(({ record }) => record),
      );
      for (const { record, error } of poisoned) if (record.ending === undefined) failAll([record], name, error);
    }),
  );
};
