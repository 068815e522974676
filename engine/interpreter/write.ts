/** Takes part of a round to a sink: projects each record, then emits to a topic or writes to a store. */
import { Poison } from "../errors.ts";
import type { AnySink, AnyTopic, Writing } from "../flow/parts.ts";
import { call, voids } from "./call.ts";
import { type RecordState, settle } from "./record-state.ts";
import type { StepEnvironment } from "./round.ts";
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
  const projected = await projectAll(environment, name, many ? toList(project, sink) : project, records);
  if (projected.length === 0) return [];
  const written = sink.kind === "topic" ? emit(sink, many, projected) : await store(environment, sink, projected);
  environment.observe?.({ kind: "written", sink: sink.name }, written);
  return written;
};

/** A record and what a function made of it. */
interface Projected {
  readonly record: RecordState;
  readonly value: unknown;
}

/**
 * Applies a pure function to each record. One that throws is a mistake about that record alone, which no second attempt
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

const emit = (sink: AnyTopic, many: boolean, projected: readonly Projected[]): readonly RecordState[] => {
  for (const { record, value } of projected) {
    if (!many) record.emissions.push({ sink, value });
    // `toList` has checked it.
    else for (const one of value as readonly unknown[]) record.emissions.push({ sink, value: one });
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
