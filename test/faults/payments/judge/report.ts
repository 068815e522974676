/** What came of faults of payments, in columns. */
import { formatTable } from "../../../../engine/app/cli.ts";
import type { PayOutcome, ReportOf } from "../../run.ts";
import type { PayFindings } from "./judge.ts";

/** The columns of findings that must be 0. */
export const payColumns = [
  ["answered, not paid", ({ answeredNotPaid }: PayFindings) => answeredNotPaid],
  ["paid, not answered", ({ paidNotAnswered }: PayFindings) => paidNotAnswered],
  ["paid twice", ({ paidTwice }: PayFindings) => paidTwice],
  ["wrongly refused", ({ unplanned }: PayFindings) => unplanned],
  ["unanswered", ({ unanswered }: PayFindings) => unanswered],
  ["outbox", ({ outbox }: PayFindings) => outbox],
  ["topic", ({ topic }: PayFindings) => topic],
  ["history", ({ history }: PayFindings) => history],
  ["platform", ({ platform }: PayFindings) => platform],
  ["effects twice", ({ effectsTwice }: PayFindings) => effectsTwice],
  ["books off", ({ booksOff }: PayFindings) => booksOff],
  ["dead", ({ deadLetters }: PayFindings) => deadLetters],
] as const;

/** How long it took until all was at rest, in seconds, at the longest. */
export const restOf = ({ recoveriesMs }: Pick<PayOutcome, "recoveriesMs">): string =>
  recoveriesMs.length === 0 ? "" : `${(Math.max(...recoveriesMs) / 1_000).toFixed(1)} s`;

/** What must be 0 and is not, in words. */
const amissIn = (findings: PayFindings): string =>
  payColumns.flatMap(([name, count]) => (count(findings) > 0 ? [`${name}: ${count(findings)}`] : [])).join(", ") || "0";

/** A table, and under it what is amiss. */
export const showPayReport = ({ outcomes, wholes }: ReportOf<PayFindings>): string => {
  const right = ["times", "orders", "paid", "at rest after"];
  const rows = outcomes.map((outcome) => [
    outcome.fault,
    String(outcome.times),
    String(outcome.findings.orders),
    String(outcome.findings.paid),
    restOf(outcome),
    amissIn(outcome.findings),
  ]);
  const wholeRows = wholes.map((whole) => ["(the whole stack)", "", "", String(whole.paid), "", amissIn(whole)]);
  const amiss = outcomes
    .filter((outcome) => outcome.amiss.length > 0)
    .flatMap(({ fault, amiss: all, findings }) => [
      ...all.map((what) => `AMISS in ${fault}: ${what}`),
      ...findings.examples.map((example) => `  ${example}`),
    ]);
  const notes = outcomes.flatMap(({ fault, notes: all = [] }) => all.map((what) => `${fault}: ${what}`));
  const table = formatTable(["fault of payments", ...right, "amiss"], [...rows, ...wholeRows], { right });
  return [table, ...notes, ...amiss].join("\n");
};
