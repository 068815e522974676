/** What the simulator found, as a page: written by `npm run sim -- --write`, never by hand. */
import type { CrashReport } from "./crash-points.ts";
import type { Caught } from "./hunt.ts";
import { storiesOf } from "./stories.ts";
import { isPromised, type Kind } from "./story.ts";
import type { Survey } from "./survey.ts";
import type { Profile } from "./environment/weather.ts";

/** Everything a page says. */
export interface Findings {
  readonly surveys: readonly Survey[];
  readonly caught: readonly Caught[];
  readonly crashes: readonly CrashReport[];
  /** ISO 8601. */
  readonly date: string;
}

/** Where the page is. */
export const reportPath = "docs/reliability-simulator.md";

/** The page. */
export const toPage = ({ surveys, caught, crashes, date }: Findings): string => {
  const seeds = sum(surveys, (one) => one.seeds);
  const from = surveys[0]?.from ?? 0;
  const failed = sum(surveys, ({ failures }) => failures.length);
  const missed = caught.filter(({ caughtBy }) => caughtBy === undefined).length;
  return `# What the simulator found

Written by \`npm run sim -- --write --from ${from} --seeds ${seeds}\` on ${date}; what is simulated, and what the words mean, is in
[test/sim](../test/sim/README.md). ${seeds} seeds, ${Math.round(sum(surveys, (one) => one.virtualSeconds))} virtual seconds: **${failed} failed**.

A seed is one world. A promise is checked in every world; where it is not promised, what did not hold is counted.
${surveys.map((survey) => sectionOf(survey, crashes)).join("")}
## Mutants

One line broken at a time: ${caught.length - missed} of ${caught.length} are caught. The seed passes where the line is whole. Those that show rarely have worlds chosen for them, in mutants.ts.

${table(
  ["world", "mutant", "seed that catches it", "promise it broke"],
  caught.map(({ kind, breaks, caughtBy, claim }) => [kind, breaks, `${caughtBy ?? "not caught"}`, claim ?? ""]),
)}
`;
};

const titles: Readonly<Record<Kind, string>> = { coupons: "Coupons", payments: "Payments" };
const asked: Readonly<Record<Kind, string>> = { coupons: "records", payments: "asks to pay" };

const sectionOf = (survey: Survey, crashes: readonly CrashReport[]): string => {
  const { kind, counts } = survey;
  const own = crashes.filter((one) => one.kind === kind);
  const counted = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  return `
## ${titles[kind]}

${survey.seeds} seeds, ${survey.asked} ${asked[kind]}, ${Math.round(survey.virtualSeconds)} virtual seconds, ${survey.failures.length} failed.${counted.length === 0 ? "" : `\nAmong what happened: ${counted.join(", ")}.`}

${table(["promise", "where", "worlds", "broken", "elsewhere not so in"], promiseRows(survey))}

Dying at every point: ${own.length} small stories (${sum(own, ({ turns }) => turns)} turns, ${sum(own, ({ calls }) => calls)} calls), run again with a process dying after each turn and before each call:
${sum(own, ({ points }) => points)} deaths, **${sum(own, ({ failures }) => failures.length)} broken promises**.
`;
};

const promiseRows = ({ kind, profiles, failures, gaps }: Survey): readonly (readonly string[])[] => {
  const { promises } = storiesOf({ kind });
  return Object.entries(promises).map(([claim, where]) => {
    // The keys are profiles: it was counted by them.
    const kinds = (Object.keys(profiles) as Profile[]).filter((profile) => isPromised(promises, claim, profile));
    const worlds = kinds.reduce((total, profile) => total + (profiles[profile] ?? 0), 0);
    const broken = failures.filter((one) => one.broken.some((it) => it.claim === claim)).length;
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
};

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
