/** Takes part of a round to a sink: projects each record, then emits to a topic or writes to a store. */
import { dispositionOf, Poison } from "../errors.ts";
import type { AnySink, AnyTopic, Writing } from "../flow/parts.ts";
import { call, voids } from "./call.ts";
import { emissionOf } from "./emission.ts";
import { emit, emitAll, type RecordState, settle } from "./record-state.ts";
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
  if (projected.records.length === 0) return [];
  const written = sink.kind === "topic" ? emitEach(many, projected) : await store(environment, sink, projected);
  environment.observe?.({ kind: "written", sink: sink.name }, written);
  return written;
};

/** Records, and in their order what a function made of each. */
interface Projected {
  readonly records: readonly RecordState[];
  readonly values: readonly unknown[];
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
): Promise<Projected> => {
  const { projected, failed } = projectEach(project, records);
  await giveUp(environment, name, failed);
  return projected;
};

const projectEach = (project: Writing["project"], records: readonly RecordState[]) => {
  const failed: { readonly record: RecordState; readonly error: unknown }[] = [];
  const going: RecordState[] = [];
  const values: unknown[] = [];
  for (const record of records) {
    try {
      values.push(project(record.value, record.context));
      going.push(record);
    } catch (error) {
      if (dispositionOf(error) === "fatal") throw error;
      failed.push({ record, error: toPoison(error) });
    }
  }
  return { projected: { records: going, values }, failed };
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

const emitEach = (many: boolean, { records, values }: Projected): readonly RecordState[] => {
  let at = 0;
  for (const record of records) {
    const value = values[at++];
    // Erasure: what `emissionsOf` has made of each.
    if (many) emitAll(record, value as readonly Emission[]);
    else emit(record, value as Emission);
  }
  return records;
};

const store = async (
  environment: StepEnvironment,
  sink: Extract<AnySink, { kind: "store" }>,
  { records, values }: Projected,
): Promise<readonly RecordState[]> => {
  const name = `write ${sink.name}`;
  const items = records.map(({ context, lane }, at) => ({ value: values[at], context, lane }));
  const callee = { name, run: sink.write, runMany: sink.writeMany && voids(sink.writeMany) };
  const { succeeded, failed } = settle(records, name, await call<unknown>(environment, callee, items));
  await giveUp(environment, name, failed);
  return succeeded;
};
