/** What the simulator found, as a page: written by `npm run sim -- --write`, never by hand. */
import { type ClaimName, promised, promises } from "./claims.ts";
import type { CrashReport } from "./crash-points.ts";
import type { Caught } from "./hunt.ts";
import type { Profile } from "./scenario.ts";
import type { Survey } from "./survey.ts";

/** Everything a page says. */
export interface Findings {
  readonly survey: Survey;
  readonly caught: readonly Caught[];
  readonly crashes: readonly CrashReport[];
  /** ISO 8601. */
  readonly date: string;
}

/** Where the page is. */
export const reportPath = "docs/reliability-simulator.md";

/** The page. */
export const toPage = ({ survey, caught, crashes, date }: Findings): string => {
  const { seeds, from, records, virtualSeconds, failures } = survey;
  const points = crashes.reduce((sum, one) => sum + one.points, 0);
  const crashFailures = crashes.reduce((sum, one) => sum + one.failures.length, 0);
  const missed = caught.filter(({ caughtBy }) => caughtBy === undefined).length;
  return `# What the simulator found

Written by \`npm run sim -- --write --from ${from} --seeds ${seeds}\` on ${date}; what is simulated, and what the words mean, is in
[test/sim](../test/sim/README.md). ${seeds} seeds, ${records} records, ${Math.round(virtualSeconds)} virtual seconds: **${failures.length} failed**.

## Promises

A seed is one world. A promise is checked in every world; where it is not promised, what did not hold is counted.

${table(["promise", "where", "worlds", "broken", "elsewhere not so in"], promiseRows(survey))}

## Dying at every point

${crashes.length} small stories (${crashes.reduce((sum, { turns }) => sum + turns, 0)} turns, ${crashes.reduce((sum, { calls }) => sum + calls, 0)} calls), told again with a process dying after each turn and before each call:
${points} deaths, **${crashFailures} broken promises**.

## Mutants

One line broken at a time: ${caught.length - missed} of ${caught.length} are caught. The seed passes where the line is whole. Those that show rarely have worlds chosen for them, in mutants.ts.

${table(
  ["mutant", "seed that catches it", "promise it broke"],
  caught.map(({ breaks, caughtBy, claim }) => [breaks, `${caughtBy ?? "not caught"}`, claim ?? ""]),
)}
`;
};

const promiseRows = ({ profiles, failures, gaps }: Survey): readonly (readonly string[])[] =>
  // The keys of an object of claims.
  (Object.keys(promises) as ClaimName[]).map((claim) => {
    const kinds = (Object.keys(profiles) as Profile[]).filter((profile) => promised(claim, profile));
    const worlds = kinds.reduce((sum, profile) => sum + (profiles[profile] ?? 0), 0);
    const broken = failures.filter((one) => one.broken.some((it) => it.claim === claim)).length;
    const where = promises[claim];
    const elsewhere = gaps
      .filter((gap) => gap.claim === claim)
      .map((gap) => `${gap.seeds} of ${profiles[gap.profile]} ${gap.profile}, first ${gap.firstSeed}`);
    return [
      claim,
      typeof where === "string" ? where : where.join(", "),
      `${worlds}`,
      `${broken}`,
      elsewhere.join("; "),
    ];
  });

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
