/** Undoes what paths hold, last effect first, and writes a record of each. */
import { call, voids } from "./call.ts";
import type { AnyUndo } from "../flow/parts.ts";
import type { StepEnvironment } from "./round.ts";
import { failAll, settle, type Walk } from "./walk.ts";

/**
 * Undoes everything the walks hold; answers those for which that succeeded. The path of another ends as failed, with
 * what it still holds in doubt. The walks came the same way, so they hold the same effects. `reason`: the outcome, or
 * the code of the error, that made it necessary.
 */
export const unwind = async (
  around: StepEnvironment,
  reason: string,
  walks: readonly Walk[],
): Promise<readonly Walk[]> => {
  const held = walks[0]?.held;
  if (held === undefined) return walks;
  const { compensation, sink } = held.undo;
  const name = `undo ${compensation.name}`;
  const { run, runMany } = compensation;
  const callee = { name, run, runMany: runMany && voids(runMany) };
  const items = walks.map(({ held: own, context, lane }) => ({ value: own?.done, context, lane }));
  const { succeeded, failed } = settle(walks, name, await call<unknown>(around, callee, items));
  for (const { walk, error } of failed) failAll([walk], name, error);
  const undone = succeeded.map(({ walk }) => walk);
  if (undone.length === 0) return [];
  around.observe?.({ kind: "undone", step: held.step, undo: compensation.name }, undone);
  const told = undone.filter((walk) => tell(walk, { around, reason, undo: held.undo }));
  around.observe?.({ kind: "written", sink: sink.name }, told);
  return unwind(around, reason, told);
};

/** The effect is gone, whatever happens next; false where its record cannot be made, which ends the path. */
const tell = (walk: Walk, { around, reason, undo }: Telling): boolean => {
  const done = walk.held?.done;
  walk.held = walk.held?.below;
  const { sink, project } = undo;
  try {
    walk.emissions.push({ sink, value: project({ done, reason, undoneAt: around.now() }, walk.context) });
    return true;
  } catch (error) {
    failAll([walk], `write ${sink.name}`, error);
    return false;
  }
};
interface Telling {
  readonly around: StepEnvironment;
  readonly reason: string;
  readonly undo: AnyUndo;
}
