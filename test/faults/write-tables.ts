/** docs/reliability.md's tables and its chart, made from results that are kept beside it, so that faults may be tried one at a time. */
import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { faults, payFaults } from "./faults.ts";
import type { Findings } from "./coupons/judge.ts";
import type { PayFindings } from "./payments/judge/judge.ts";
import { payPoints } from "./payments/points.ts";
import { payColumns, restOf } from "./payments/judge/report.ts";
import { failPoints } from "./coupons/points.ts";
import { recoveryPicture } from "./pictures.ts";
import { findingColumns, longestRecovery } from "./report.ts";
import type { OutcomeOf, Report } from "./run.ts";
import { type Trial, windows } from "./windows.ts";

const pageFile = join(repositoryRoot, "docs", "reliability.md");
const pictureFile = join(repositoryRoot, "docs", "pictures", "recovery.svg");
const resultsFiles = {
  coupons: join(repositoryRoot, "docs", "reliability-faults.json"),
  payments: join(repositoryRoot, "docs", "reliability-payments.json"),
} as const;

/** The last time a fault was tried. */
export interface KeptOf<Found> extends OutcomeOf<Found> {
  /** The day, UTC. */
  readonly on: string;
  readonly seed: number;
}
type Kept = KeptOf<Findings>;
type PayKept = KeptOf<PayFindings>;

/** Puts a report's results in the place of earlier ones of the same faults, and makes the tables anew. */
export const writeTables = async ({ outcomes, payments, seed }: Report): Promise<void> => {
  const results = await keep(resultsFiles.coupons, faults, outcomes, seed);
  const ofPayments = await keep(resultsFiles.payments, payFaults, payments.outcomes, seed);
  const text = await readFile(pageFile, "utf8");
  const tables = {
    faults: faultTable(results),
    "payment-faults": payFaultTable(ofPayments),
    points: pointTable(results),
    "payment-points": payPointTable(ofPayments),
    windows: windowTable(),
  };
  await drawRecovery(results);
  await writeFile(
    pageFile,
    Object.entries(tables).reduce((all, [name, table]) => between(all, name, table), text),
  );
};

const drawRecovery = (results: readonly Kept[]): Promise<void> =>
  writeFile(pictureFile, recoveryPicture(faults, results));

/** Answers every fault's last result, in the order of the faults. */
const keep = async <Found>(
  file: string,
  of: readonly { readonly name: string }[],
  outcomes: readonly OutcomeOf<Found>[],
  seed: number,
): Promise<readonly KeptOf<Found>[]> => {
  // Erasure: what was written here before.
  const before = JSON.parse(await readFile(file, "utf8").catch(() => "[]")) as readonly KeptOf<Found>[];
  const kept = new Map(before.map((one) => [one.fault, one]));
  const on = new Date().toISOString().slice(0, 10);
  for (const outcome of outcomes)
    kept.set(outcome.fault, withOtherPoints({ ...outcome, on, seed }, kept.get(outcome.fault)));
  const results = of.flatMap(({ name }) => kept.get(name) ?? []);
  // Logs are named by where they are on this machine: that is of no use elsewhere.
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`.replaceAll(`${repositoryRoot}/`, ""));
  return results;
};

/**
 * A crash that was tried at some points only, and went well there, adds those to what is kept of the others: the row remains that
 * of the run in which all were tried. Where it did not go well, it is what is to be seen. Pure.
 */
export const withOtherPoints = <Found>(now: KeptOf<Found>, before: KeptOf<Found> | undefined): KeptOf<Found> => {
  const tried = new Set(now.deaths?.map(({ point }) => point));
  const others = before?.deaths?.filter(({ point }) => !tried.has(point)) ?? [];
  if (before === undefined || others.length === 0 || now.amiss.length + now.missed.length > 0) return now;
  const deaths = [...others, ...(now.deaths ?? [])];
  return { ...before, deaths, times: deaths.filter(({ missed }) => missed === undefined).length };
};

/** Replaces what is between the two markers of a name. @throws Error where they are missing. */
export const between = (text: string, name: string, table: string): string => {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/reliability.md has no ${begin} ... ${end}`);
  return `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`;
};

const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;

const faultTable = (results: readonly Kept[]): string => {
  const byName = new Map(results.map((one) => [one.fault, one]));
  const head = [
    "fault",
    "what is done",
    "windows",
    "times",
    "requests",
    ...findingColumns.map(([name]) => name),
    "recovery",
    "tried",
  ];
  const rows = faults.map(
    ({ name, about, windows: covered, unordered, recoverWithinMs = Number.POSITIVE_INFINITY }) => {
      const one = byName.get(name);
      const what = [`\`${name}\``, about, covered.join(" ")];
      if (one === undefined) return [...what, "not tried yet", ...Array.from({ length: 10 }, () => "")];
      const counts = findingColumns.map(([column, count]) =>
        column === "order" && unordered ? `(${count(one.findings)})` : String(count(one.findings)),
      );
      const missed = one.missed.length > 0 ? `, ${one.missed.length} not as planned` : "";
      return [
        ...what,
        `${one.times}${missed}`,
        String(one.findings.requests),
        ...counts,
        // By the bound as it is now.
        longestRecovery({ ...one, slow: one.recoveriesMs.filter((ms) => ms > recoverWithinMs).length }),
        `${one.on}, seed ${one.seed}`,
      ];
    },
  );
  return `Machine of the last run: ${machine()}.\n\n${markdown(head, rows)}`;
};

const pointTable = (results: readonly Kept[]): string => {
  const deaths = results.flatMap((one) => one.deaths ?? []).filter(({ missed }) => missed === undefined);
  const sizes = [...new Set(deaths.flatMap(({ maxRound }) => maxRound ?? []))].sort((a, b) => a - b);
  const rows = failPoints.map(({ name, about, windows: covered }) => {
    const died = sizes.map((size) => deaths.filter((one) => one.point === name && one.maxRound === size).length);
    return [`\`${name}\``, about, covered.join(" "), ...died.map(String)];
  });
  return markdown(["fail point", "when it dies", "windows", ...sizes.map((size) => `died, rounds of ${size}`)], rows);
};

/** The table of payments, and under it what else was seen. */
const payFaultTable = (results: readonly PayKept[]): string => {
  const byName = new Map(results.map((one) => [one.fault, one]));
  const columns = ["times", "orders", "paid", ...payColumns.map(([name]) => name), "at rest after", "tried"];
  const rows = payFaults.map(({ name, about, windows: covered }) => {
    const one = byName.get(name);
    const what = [`\`${name}\``, about, covered.join(" ")];
    if (one === undefined) return [...what, "not tried yet", ...columns.slice(1).map(() => "")];
    const missed = one.missed.length > 0 ? `, ${one.missed.length} not as planned` : "";
    return [
      ...what,
      `${one.times}${missed}`,
      String(one.findings.orders),
      String(one.findings.paid),
      ...payColumns.map(([, count]) => String(count(one.findings))),
      restOf(one),
      `${one.on}, seed ${one.seed}`,
    ];
  });
  const notes = results.flatMap(({ fault, notes: all = [] }) => all.map((note) => `\`${fault}\`: ${note}.`));
  return [markdown(["fault", "what is done", "windows", ...columns], rows), ...notes].join("\n\n");
};

const payPointTable = (results: readonly PayKept[]): string => {
  const deaths = results.flatMap((one) => one.deaths ?? []).filter(({ missed }) => missed === undefined);
  const rows = payPoints.map(({ name, role, about, windows: covered }) => {
    const died = deaths.filter(({ point }) => point === name).length;
    return [`\`${name}\``, role, about, covered.join(" "), String(died)];
  });
  return markdown(["fail point", "process", "when it dies", "windows", "died"], rows);
};

const windowTable = (): string =>
  markdown(
    ["", "window", "where it is tried", "what is not covered"],
    windows.map(({ number, about, tried, open }) => [
      String(number),
      about,
      tried.map(trialText).join("<br>"),
      open ?? "",
    ]),
  );

const trialText = ({ kind, name, title }: Trial): string =>
  title === undefined ? `${kind} \`${name}\`` : `${kind} \`${name}\`: ${title}`;

// After a change of the chart alone: npx node test/faults/write-tables.ts
if (import.meta.main) await drawRecovery(await keep(resultsFiles.coupons, faults, [], 0));
