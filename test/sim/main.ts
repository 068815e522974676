/**
 * `npm run sim -- --seeds 2000 [--from N] [--trace] [--mutants | --crash-points | --write] [--json]`: data on stdout; ends with
 * 1 where a promise broke, or a mutant was not caught.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { formatTable } from "../../ops/cli.ts";
import type { Codec } from "../../schemas/codec.ts";
import { preparedCodec } from "./codec.ts";
import { type CrashReport, tryCrashPoints } from "./crash-points.ts";
import { type Caught, hunt } from "./hunt.ts";
import { mutants } from "./mutants.ts";
import { reportPath, toPage } from "./report.ts";
import { simulate } from "./simulate.ts";
import { type Failure, type Survey, surveySeeds } from "./survey.ts";
import { concerning, lineOf } from "./trace.ts";

/** Failing seeds after which a run has seen enough. */
const maxFailures = 20;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "2000" },
      from: { type: "string", default: "1" },
      trace: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      "crash-points": { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const [from, seeds] = [whole("--from", values.from, 0), whole("--seeds", values.seeds, 1)];
  if (values.mutants) return showMutants(await huntAll(from, seeds), values.json);
  const codec = await preparedCodec();
  if (values["crash-points"]) return showCrashes(await crashAll(codec, from, seeds), values.json);
  if (values.write) return write(codec, from, seeds);
  const startedAt = performance.now();
  const survey = await surveySeeds(codec, { from, seeds, maxFailures });
  const seconds = (performance.now() - startedAt) / 1_000;
  if (values.json) print(JSON.stringify({ ...survey, seconds }, null, 2));
  else await show(survey, { codec, seconds, always: values.trace });
  return survey.failures.length === 0 ? 0 : 1;
};

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const whole = (name: string, text: string, least: number): number => {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new RangeError(`${name} must be a whole number of at least ${least}, got ${text}`);
};

const show = async (
  survey: Survey,
  { codec, seconds, always }: { readonly codec: Codec; readonly seconds: number; readonly always: boolean },
): Promise<void> => {
  const { failures, gaps, profiles } = survey;
  const [first] = failures;
  if (first !== undefined) await showTrace(codec, first.seed, first);
  else if (always) await showTrace(codec, survey.from, undefined);
  if (gaps.length > 0) {
    print("What is not promised in such worlds, and did not hold:");
    const rows = gaps.map((gap) => [
      gap.claim,
      gap.profile,
      `${gap.seeds} of ${profiles[gap.profile]}`,
      `${gap.firstSeed}`,
    ]);
    print(`${formatTable(["claim", "worlds", "seeds", "first seed"], rows, { right: ["seeds", "first seed"] })}\n`);
  }
  for (const { seed, profile, broken } of failures)
    print(`FAILED seed ${seed} (${profile}): ${broken[0]?.claim}: ${broken[0]?.what}`);
  const kinds = Object.entries(profiles).map(([profile, count]) => `${count} ${profile}`);
  print(
    `${survey.seeds} seeds from ${survey.from} (${kinds.join(", ")}), ${survey.records} records, ` +
      `${Math.round(survey.virtualSeconds)} virtual s in ${seconds.toFixed(1)} s: ${failures.length} failed`,
  );
};

/** The first broken promise of a seed, and what happened to the coupons it is about. */
const showTrace = async (codec: Codec, seed: number, failure: Failure | undefined): Promise<void> => {
  const { happenings } = await simulate(seed, { codec, traced: true });
  for (const one of concerning(happenings, failure?.broken[0]?.coupons ?? [])) print(lineOf(one));
  for (const { claim, what } of failure?.broken ?? []) print(`BROKEN: ${claim}: ${what}`);
  print(`again: npm run sim -- --from ${seed} --seeds 1 --trace\n`);
};

/** Two at a time: a mutant is one thread. */
const huntAll = async (from: number, seeds: number): Promise<readonly Caught[]> => {
  const caught: Caught[] = [];
  for (let next = 0; next < mutants.length; next += 2) {
    const pair = mutants.slice(next, next + 2).map((mutant) => hunt({ mutant, from, seeds }));
    caught.push(...(await Promise.all(pair)));
  }
  return caught;
};

const showMutants = (caught: readonly Caught[], json: boolean): number => {
  const missed = caught.filter(({ caughtBy }) => caughtBy === undefined);
  if (json) print(JSON.stringify(caught, null, 2));
  else {
    const rows = caught.map((one) => [one.breaks, `${one.caughtBy ?? "not caught"}`, `${one.seeds}`, one.claim ?? ""]);
    print(
      formatTable(["mutant", "caught by seed", "seeds run", "claim it broke"], rows, {
        right: ["caught by seed", "seeds run"],
      }),
    );
    print(`${caught.length - missed.length} of ${caught.length} mutants caught`);
  }
  return missed.length === 0 ? 0 : 1;
};

const crashAll = async (codec: Codec, from: number, seeds: number): Promise<readonly CrashReport[]> => {
  const reports: CrashReport[] = [];
  for (let seed = from; seed < from + seeds; seed += 1) reports.push(await tryCrashPoints(codec, { seed }));
  return reports;
};

const showCrashes = (reports: readonly CrashReport[], json: boolean): number => {
  const failures = reports.flatMap((report) => report.failures);
  if (json) print(JSON.stringify(reports, null, 2));
  else {
    for (const { seed, at, broken } of failures)
      print(`FAILED seed ${seed} at ${JSON.stringify(at)}: ${broken[0]?.claim}: ${broken[0]?.what}`);
    const points = reports.reduce((sum, one) => sum + one.points, 0);
    print(`${reports.length} small stories, ${points} deaths: ${failures.length} failed`);
  }
  return failures.length === 0 ? 0 : 1;
};

/** Stories whose every point goes into the page, and seeds within which its mutants are caught. */
const [writtenStories, writtenHunt] = [5, 2_000];

const write = async (codec: Codec, from: number, seeds: number): Promise<number> => {
  const survey = await surveySeeds(codec, { from, seeds, maxFailures });
  const caught = await huntAll(1, writtenHunt);
  const crashes = await crashAll(codec, 1, writtenStories);
  await writeFile(reportPath, toPage({ survey, caught, crashes, date: new Date().toISOString().slice(0, 10) }));
  print(`wrote ${reportPath}`);
  const isSound = survey.failures.length === 0 && crashes.every(({ failures }) => failures.length === 0);
  return isSound && caught.every(({ caughtBy }) => caughtBy !== undefined) ? 0 : 1;
};

process.exitCode = await main();
