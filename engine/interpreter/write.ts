/** Takes part of a round to a sink: projects each record, then emits to a topic or writes to a store. */
import { dispositionOf, Poison } from "../errors.ts";
import type { AnySink, AnyTopic, Writing } from "../flow/parts.ts";
import { call, voids } from "./call.ts";
import { emissionOf } from "./emission.ts";
import { emit, type RecordState, settle } from "./record-state.ts";
import type { Emission, StepEnvironment } from "./round.ts";
import { giveUp } from "./unwind.ts";

/** One record of a source becomes at most this many of a sink: a round stays within its memory. */
export const maxRecordsFromOne = 1_000;

/** Writes; answers the records that were written. The paths of the others have ended, undone where they were poison. */
export const write = async (
  environment: StepEnvironment,
  { sink, project, many = false }: Writing,
  records: readonly RecordState[],
): Promise<readonly RecordState[]> => {
  const name = `write ${sink.name}`;
  const made = sink.kind === "topic" ? emissionsOf(environment, sink, { project, many }) : project;
  const projected = await projectAll(environment, name, made, records);
  if (projected.length === 0) return [];
  const written = sink.kind === "topic" ? emitAll(many, projected) : await store(environment, sink, projected);
  environment.observe?.({ kind: "written", sink: sink.name }, written);
  return written;
};

/** A record and what a function made of it. */
interface Projected {
  readonly record: RecordState;
  readonly value: unknown;
}

/**
 * Applies a pure function to each record. One that throws is a mistake about that record only, which no second attempt
 * corrects: it is poison.
 */
export const projectAll = async (
  environment: StepEnvironment,
  name: string,
  project: Writing["project"],
  records: readonly RecordState[],
): Promise<readonly Projected[]> => {
  const failed: { readonly record: RecordState; readonly error: unknown }[] = [];
  const projected: Projected[] = [];
  for (const record of records) {
    try {
      projected.push({ record, value: project(record.value, record.context) });
    } catch (error) {
      if (dispositionOf(error) === "fatal") throw error;
      failed.push({ record, error: toPoison(error) });
    }
  }
  await giveUp(environment, name, failed);
  return projected;
};

const toPoison = (error: unknown): Poison =>
  error instanceof Poison
    ? error
    : new Poison("PROJECTION_FAILED", error instanceof Error ? error.message : String(error), { cause: error });

const toList =
  (project: Writing["project"], { name }: AnySink): Writing["project"] =>
  (value, context) => {
    const list = project(value, context);
    if (!Array.isArray(list)) throw new TypeError(`the projection to ${name} did not answer a list`);
    if (list.length > maxRecordsFromOne) {
      const message = `one record became ${list.length} of ${name}; at most ${maxRecordsFromOne} are allowed`;
      throw new Poison("TOO_MANY_RECORDS", message);
    }
    return list;
  };

/** Encoding is part of the projection: what does not fit is found while its record's effects can still be undone. */
const emissionsOf = (
  environment: StepEnvironment,
  sink: AnyTopic,
  { project, many }: { readonly project: Writing["project"]; readonly many: boolean },
): Writing["project"] => {
  if (!many) return (value, context) => emissionOf(environment, sink, { value: project(value, context), context });
  const list = toList(project, sink);
  // `toList` has checked that it is one.
  return (value, context) =>
    (list(value, context) as readonly unknown[]).map((one) => emissionOf(environment, sink, { value: one, context }));
};

const emitAll = (many: boolean, projected: readonly Projected[]): readonly RecordState[] => {
  for (const { record, value } of projected) {
    // Erasure: what `emissionsOf` has made of each.
    emit(record, many ? (value as readonly Emission[]) : [value as Emission]);
  }
  return projected.map(({ record }) => record);
};

const store = async (
  environment: StepEnvironment,
  sink: Extract<AnySink, { kind: "store" }>,
  projected: readonly Projected[],
): Promise<readonly RecordState[]> => {
  const name = `write ${sink.name}`;
  const records = projected.map(({ record }) => record);
  const items = projected.map(({ record: { context, lane }, value }) => ({ value, context, lane }));
  const callee = { name, run: sink.write, runMany: sink.writeMany && voids(sink.writeMany) };
  const { succeeded, failed } = settle(records, name, await call<unknown>(environment, callee, items));
  await giveUp(environment, name, failed);
  return succeeded.map(({ record }) => record);
};
