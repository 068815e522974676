/** What runs came to, for a person at a terminal, or as JSON. */
import { formatTable } from "../../engine/app/cli.ts";
import { preparedCodec } from "./environment/codec.ts";
import type { CrashReport } from "./crash-points.ts";
import type { Caught } from "./hunt.ts";
import { storiesOf } from "./stories.ts";
import type { Failure, Survey } from "./survey.ts";
import { concerning, lineOf } from "./trace.ts";

/** Writes a line to stdout. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Shows a survey; the trace of its first failing seed, or with `traced` of its first seed. */
export const showSurvey = async (
  survey: Survey,
  { seconds, traced }: { readonly seconds: number; readonly traced: boolean },
): Promise<void> => {
  const { kind, failures, gaps, profiles, counts } = survey;
  const [first] = failures;
  if (first !== undefined) await showTrace(survey, first.seed, first);
  else if (traced) await showTrace(survey, survey.from, undefined);
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
    print(`FAILED seed ${seed} of ${kind} (${profile}): ${broken[0]?.claim}: ${broken[0]?.what}`);
  const worlds = Object.entries(profiles).map(([profile, count]) => `${count} ${profile}`);
  const counted = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  if (counted.length > 0) print(`Among what happened: ${counted.join(", ")}.`);
  print(
    `${kind}: ${survey.seeds} seeds from ${survey.from} (${worlds.join(", ")}), ${survey.asked} asked for, ` +
      `${Math.round(survey.virtualSeconds)} virtual s in ${seconds.toFixed(1)} s: ${failures.length} failed`,
  );
};

/** The first broken promise of a seed, and what happened to the coupons or orders it is about. */
const showTrace = async ({ kind }: Survey, seed: number, failure: Failure | undefined): Promise<void> => {
  const { happenings } = await storiesOf({ kind }).simulate(seed, { codec: await preparedCodec(), traced: true });
  for (const one of concerning(happenings, failure?.broken[0]?.about ?? [])) print(lineOf(one));
  for (const { claim, what } of failure?.broken ?? []) print(`BROKEN: ${claim}: ${what}`);
  print(`again: npm run sim -- --world ${kind} --from ${seed} --seeds 1 --trace\n`);
};

/** Shows how mutants fared; 1 where one was not caught. */
export const showMutants = (caught: readonly Caught[], json: boolean): number => {
  const missed = caught.filter(({ caughtBy }) => caughtBy === undefined);
  if (json) print(JSON.stringify(caught, null, 2));
  else {
    const head = ["world", "mutant", "caught by seed", "seeds run", "claim it broke"];
    const rows = caught.map(({ kind, breaks, caughtBy, seeds, claim }) => [
      kind,
      breaks,
      `${caughtBy ?? "not caught"}`,
      `${seeds}`,
      claim ?? "",
    ]);
    print(formatTable(head, rows, { right: ["caught by seed", "seeds run"] }));
    print(`${caught.length - missed.length} of ${caught.length} mutants caught`);
  }
  return missed.length === 0 ? 0 : 1;
};

/** Shows what came of dying at every point; 1 where a promise broke. */
export const showCrashes = (reports: readonly CrashReport[], json: boolean): number => {
  const failures = reports.flatMap(({ kind, failures: own }) => own.map((failure) => ({ kind, ...failure })));
  if (json) print(JSON.stringify(reports, null, 2));
  else {
    for (const { kind, seed, at, broken } of failures)
      print(`FAILED seed ${seed} of ${kind} at ${JSON.stringify(at)}: ${broken[0]?.claim}: ${broken[0]?.what}`);
    const points = reports.reduce((sum, one) => sum + one.points, 0);
    print(`${reports.length} small stories, ${points} deaths: ${failures.length} failed`);
  }
  return failures.length === 0 ? 0 : 1;
};
