/** `npm run sim`: runs simulated worlds, hunts broken lines, or writes the report; `--help` has the options and the exit codes. */
import { writeFile } from "node:fs/promises";
import { Command, CommanderError, Option } from "commander";
import { exitCodes, integerOption } from "../../engine/app/cli.ts";
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

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly world: Kind | "all";
  readonly trace: boolean;
  readonly mutants: boolean;
  readonly crashPoints: boolean;
  readonly write: boolean;
  readonly json: boolean;
}

const command = (): Command =>
  new Command("npm run sim --")
    .description(
      "Runs the real code through seeded stories of crashes, rebalances, lost answers and poison, in virtual time on services in " +
        "memory, and checks what is promised. A seed with the same code is the same story. test/sim/README.md says what is simulated.",
    )
    .option(
      "--seeds <number>",
      "how many seeds, shared by the kinds of worlds",
      integerOption(1, Number.MAX_SAFE_INTEGER),
      2_000,
    )
    .option("--from <number>", "the first seed", integerOption(0, Number.MAX_SAFE_INTEGER), 1)
    .addOption(new Option("--world <kind>", "whose worlds").choices([...kinds, "all"]).default("all"))
    .option("--trace", "print the first seed's story: virtual seconds, who, what happened", false)
    .option("--mutants", "break one line at a time; each is to be caught within --seeds", false)
    .option("--crash-points", "run a small story of each seed with a process dying at every point of it", false)
    .option(
      "--write",
      `survey the seeds, hunt mutants, try crash points, and write docs/reliability-simulator.md`,
      false,
    )
    .option("--json", "print one JSON document; not with --write", false)
    .addHelpText(
      "after",
      `
A failing seed prints its trace, cut down to the coupons or orders it is about, and how to run it again. A kind of world ends after
${maxFailures} of them.

Exit codes: 0 all held; 1 a promise broke, or a mutant was not caught; 2 wrong usage.`,
    )
    .allowExcessArguments(false)
    .showHelpAfterError("(--help says more)")
    .exitOverride()
    .action(async (options: Options) => {
      process.exitCode = await run(options);
    });

const run = async ({ seeds, from, world, ...options }: Options): Promise<number> => {
  const wanted = { worlds: kinds.filter((kind) => world === "all" || world === kind), from, seeds };
  if (options.mutants) return showMutants(await huntAll(wanted), options.json);
  if (options.crashPoints) return showCrashes(await crashAll(wanted), options.json);
  if (options.write) return write(wanted);
  const startedAt = performance.now();
  const surveys = await surveyAll(wanted);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (options.json) print(JSON.stringify({ surveys, seconds }, null, 2));
  else for (const survey of surveys) await showSurvey(survey, { seconds, traced: options.trace });
  return surveys.every(({ failures }) => failures.length === 0) ? exitCodes.done : exitCodes.failure;
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

try {
  await command().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has said what is wrong, or printed the help.
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
}
