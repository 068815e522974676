/**
 * `npm run sim -- --seeds 2000 [--world coupons|payments|all] [--from N] [--trace] [--mutants | --crash-points | --write]
 * [--json]`: data on stdout; ends with 1 where a promise broke, or a mutant was not caught.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { preparedCodec } from "./environment/codec.ts";
import { type CrashReport, tryCrashPoints } from "./crash-points.ts";
import { type Caught, hunt } from "./hunt.ts";
import { mutants } from "./coupons/mutants.ts";
import { reportPath, toPage } from "./report.ts";
import { print, showCrashes, showMutants, showSurvey } from "./show.ts";
import { type Kind, kinds } from "./story.ts";
import type { Survey } from "./survey.ts";
import { inThread } from "./thread.ts";

/** Failing seeds after which a run has seen enough. */
const maxFailures = 20;

/** Which seeds of which worlds. */
interface Wanted {
  readonly worlds: readonly Kind[];
  readonly from: number;
  readonly seeds: number;
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "2000" },
      from: { type: "string", default: "1" },
      world: { type: "string", default: "all" },
      trace: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      "crash-points": { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const [from, seeds] = [whole("--from", values.from, 0), whole("--seeds", values.seeds, 1)];
  const wanted = { worlds: worldsOf(values.world), from, seeds };
  if (values.mutants) return showMutants(await huntAll(wanted), values.json);
  if (values["crash-points"]) return showCrashes(await crashAll(wanted), values.json);
  if (values.write) return write(wanted);
  const startedAt = performance.now();
  const surveys = await surveyAll(wanted);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (values.json) print(JSON.stringify({ surveys, seconds }, null, 2));
  else for (const survey of surveys) await showSurvey(survey, { seconds, traced: values.trace });
  return surveys.every(({ failures }) => failures.length === 0) ? 0 : 1;
};

const worldsOf = (text: string): readonly Kind[] => {
  const found = kinds.filter((kind) => text === "all" || text === kind);
  if (found.length > 0) return found;
  throw new RangeError(`--world must be ${kinds.join(", ")} or all, got ${text}`);
};

const whole = (name: string, text: string, least: number): number => {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new RangeError(`${name} must be a whole number of at least ${least}, got ${text}`);
};

/** Each kind of world has its share of the seeds, from the same first one, and a thread of its own. */
const surveyAll = ({ worlds, from, seeds }: Wanted): Promise<readonly Survey[]> =>
  Promise.all(
    worlds.flatMap((kind, at) => {
      const share = Math.floor((seeds + at) / worlds.length);
      return share === 0 ? [] : [inThread({ chosen: { kind }, from, seeds: share, maxFailures })];
    }),
  );

/** Two at a time: a mutant is one thread. */
const huntAll = async ({ worlds, from, seeds }: Wanted): Promise<readonly Caught[]> => {
  const caught: Caught[] = [];
  const wanted = mutants.filter(({ kind }) => worlds.includes(kind));
  for (let next = 0; next < wanted.length; next += 2) {
    const pair = wanted.slice(next, next + 2).map((mutant) => hunt(mutant, { from, seeds }));
    caught.push(...(await Promise.all(pair)));
  }
  return caught;
};

const crashAll = async ({ worlds, from, seeds }: Wanted): Promise<readonly CrashReport[]> => {
  const codec = await preparedCodec();
  const reports: CrashReport[] = [];
  for (const kind of worlds)
    for (let seed = from; seed < from + seeds; seed += 1) reports.push(await tryCrashPoints(codec, { kind, seed }));
  return reports;
};

/** Stories whose every point goes into the page, and seeds within which its mutants are caught. */
const [writtenStories, writtenHunt] = [5, 2_000];

const write = async (wanted: Wanted): Promise<number> => {
  const surveys = await surveyAll(wanted);
  const caught = await huntAll({ ...wanted, from: 1, seeds: writtenHunt });
  const crashes = await crashAll({ ...wanted, from: 1, seeds: writtenStories });
  await writeFile(reportPath, toPage({ surveys, caught, crashes, date: new Date().toISOString().slice(0, 10) }));
  print(`wrote ${reportPath}`);
  const isSound = [...surveys, ...crashes].every(({ failures }) => failures.length === 0);
  return isSound && caught.every(({ caughtBy }) => caughtBy !== undefined) ? 0 : 1;
};

process.exitCode = await main();
