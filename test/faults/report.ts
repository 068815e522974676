/** What came of faults, for a terminal of 100 columns. */
import { formatTable } from "../../engine/app/cli.ts";
import type { Findings } from "./coupons/judge.ts";
import { showPayReport } from "./payments/judge/report.ts";
import type { Outcome, Report, ReportOf } from "./run.ts";

/** The columns of findings that must be 0, in the words of the issue: lost, oversold, and so on. */
export const findingColumns = [
  ["lost", ({ lost }: Findings) => lost],
  ["oversold", ({ oversold }: Findings) => oversold],
  ["double", ({ double }: Findings) => double],
  ["unpublished", ({ unpublished }: Findings) => unpublished],
  ["order", ({ outOfOrder }: Findings) => outOfOrder],
  ["counter", ({ counterOff }: Findings) => counterOff],
  ["dead", ({ wrongDeadLetters }: Findings) => wrongDeadLetters],
] as const;

/** The longest of the recoveries, in seconds; empty where none was measured. */
export const longestRecovery = ({ recoveriesMs, slow }: Pick<Outcome, "recoveriesMs" | "slow">): string => {
  if (recoveriesMs.length === 0) return "";
  const longest = (Math.max(...recoveriesMs) / 1_000).toFixed(1);
  return slow > 0 ? `${longest} s (!)` : `${longest} s`;
};

/** A table of each kind, and under it what is amiss. */
export const showReport = ({ payments, seed, ...coupons }: Report): string => {
  const all = [...coupons.outcomes, ...payments.outcomes];
  const failed = all.filter(({ amiss }) => amiss.length > 0).length;
  return [
    ...(coupons.outcomes.length > 0 ? [showCouponReport(coupons)] : []),
    ...(payments.outcomes.length > 0 ? [showPayReport(payments)] : []),
    `${all.length} faults, seed ${seed}: ${failed} failed`,
  ].join("\n");
};

const showCouponReport = ({ outcomes, wholes }: ReportOf<Findings>): string => {
  const names = findingColumns.map(([name]) => name);
  const right = ["times", "requests", ...names, "recovery"];
  const rows = outcomes.map((outcome) => [
    outcome.fault,
    String(outcome.times),
    String(outcome.findings.requests),
    ...findingColumns.map(([, count]) => String(count(outcome.findings))),
    longestRecovery(outcome),
  ]);
  const wholeRows = wholes.map((whole) => [
    "(the whole stack)",
    "",
    String(whole.requests),
    ...findingColumns.map(([, count]) => String(count(whole))),
    "",
  ]);
  const amiss = outcomes.flatMap((outcome) => [
    ...outcome.amiss.map((what) => `AMISS in ${outcome.fault}: ${what}`),
    ...(outcome.amiss.length > 0 ? outcome.findings.examples.map((example) => `  ${example}`) : []),
    ...(outcome.slow > 0 ? [`SLOW in ${outcome.fault}: ${outcome.slow} of ${outcome.recoveriesMs.length}`] : []),
  ]);
  return [formatTable(["fault", ...right], [...rows, ...wholeRows], { right }), ...amiss].join("\n");
};
