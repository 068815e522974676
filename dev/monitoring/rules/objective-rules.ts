/**
 * The rules of an objective, under the names that sloth gives them (`slo:sli_error:ratio_rate5m` and so on), so that dashboards
 * which know those names read ours. Pure.
 */
import type { Objective } from "./objectives.ts";
import type { AlertRule, RecordingRule, RuleGroup } from "./rule.ts";

/** Windows over which errors are looked at. */
const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
type Window = (typeof windows)[number];

/** One pair: both windows above so many times the rate that uses the budget up in 30 days. The short one lets it heal. */
interface BurnPair {
  readonly times: number;
  readonly short: Window;
  readonly long: Window;
}

/**
 * The pairs of Google's SRE workbook: a page is 2 % of the budget in an hour or 5 % in six, a ticket 10 % in a day or in three.
 */
const pairs: Readonly<Record<"page" | "ticket", readonly [BurnPair, BurnPair]>> = {
  page: [
    { times: 14.4, short: "5m", long: "1h" },
    { times: 6, short: "30m", long: "6h" },
  ],
  ticket: [
    { times: 3, short: "2h", long: "1d" },
    { times: 1, short: "6h", long: "3d" },
  ],
};

/**
 * Events of a long window that have to be bad before anybody is told: one failed request of two in a quiet night is half of all, and
 * no reason to get up.
 */
export const leastBad = 10;

const longWindows: readonly Window[] = [...pairs.page, ...pairs.ticket].map(({ long }) => long);

const periodDays = 30;
const sliBy = ["sloth_id", "sloth_service", "sloth_slo", "sloth_window"];
const idBy = ["sloth_id", "sloth_service", "sloth_slo"];

/** Labels that name an objective. */
export const idOf = ({ slo }: Objective) =>
  ({ sloth_id: `sluice-${slo}`, sloth_service: "sluice", sloth_slo: slo }) as const;

const selectorOf = (objective: Objective): string => `{sloth_id="${idOf(objective).sloth_id}"}`;

/** The share that may go wrong, as a decimal that has no rounding error of a computer's in it. */
export const budgetOf = ({ percent }: Objective): number => Number(((100 - percent) / 100).toPrecision(6));

const averaged = (objective: Objective, window: string): string => {
  const series = `slo:sli_error:ratio_rate5m${selectorOf(objective)}[${window}]`;
  return `sum_over_time(${series}) / ignoring (sloth_window) count_over_time(${series})`;
};

const sliRules = (objective: Objective): readonly RecordingRule[] => {
  const { onlyWhile } = objective;
  const { errorRatio, bad } = objective.events;
  const exprOf = (window: Window): string => {
    if (onlyWhile === undefined) return errorRatio(window);
    return window === "5m" ? `(${errorRatio(window)}) and on () ${onlyWhile}` : averaged(objective, window);
  };
  const ruleOf = (window: string, expr: string, what = "sli_error:ratio_rate"): RecordingRule => ({
    record: `slo:${what}${window}`,
    expr,
    labels: { ...idOf(objective), sloth_window: window },
    by: sliBy,
  });
  return [
    ...windows.map((window) => ruleOf(window, exprOf(window))),
    ruleOf(`${periodDays}d`, averaged(objective, `${periodDays}d`)),
    ...longWindows.map((window) => ruleOf(window, bad(window), "bad_events:increase")),
  ];
};

const metadataRules = (objective: Objective): readonly RecordingRule[] => {
  const labels = idOf(objective);
  const selector = selectorOf(objective);
  const rule = (record: string, expr: string): RecordingRule => ({ record, expr, labels, by: idBy });
  const overBudget = (window: string): string =>
    `slo:sli_error:ratio_rate${window}${selector}` +
    ` / on (sloth_id, sloth_slo, sloth_service) group_left slo:error_budget:ratio${selector}`;
  const info = { ...labels, sloth_objective: String(objective.percent) };
  return [
    rule("slo:objective:ratio", `vector(${Number((objective.percent / 100).toPrecision(6))})`),
    rule("slo:error_budget:ratio", `vector(${budgetOf(objective)})`),
    rule("slo:time_period:days", `vector(${periodDays})`),
    rule("slo:current_burn_rate:ratio", overBudget("5m")),
    rule("slo:period_burn_rate:ratio", overBudget(`${periodDays}d`)),
    rule("slo:period_error_budget_remaining:ratio", `1 - slo:period_burn_rate:ratio${selector}`),
    { record: "sloth_slo_info", expr: "vector(1)", labels: info, by: idBy },
  ];
};

const burnOf = (objective: Objective, { times, short, long }: BurnPair): string => {
  const above = (window: Window): string =>
    `max(slo:sli_error:ratio_rate${window}${selectorOf(objective)} > ${times} * ${budgetOf(objective)}) without (sloth_window)`;
  const enough = `max(slo:bad_events:increase${long}${selectorOf(objective)} >= ${leastBad}) without (sloth_window)`;
  return `(${above(short)} and ${above(long)} and ${enough})`;
};

const alertRule = (objective: Objective, severity: "page" | "ticket"): AlertRule => {
  const [fast, slow] = pairs[severity];
  return {
    alert: objective.alert,
    severity,
    expr: `${burnOf(objective, fast)} or ${burnOf(objective, slow)}`,
    summary: `The ${objective.slo} objective loses its error budget too fast.`,
    description:
      `{{ $value | humanizePercentage }} of events were not good lately; ` +
      `${(budgetOf(objective) * 100).toPrecision(1)} % may be. Promised: ${objective.promise}.`,
    dashboard: objective.dashboard,
    // Sloth's name for it: dashboards that know sloth find the alerts by it.
    labels: { sloth_severity: severity, sloth_slo: objective.slo },
  };
};

/** The groups of an objective: what is measured, what it is compared with, and who is told. */
export const objectiveGroups = (objective: Objective): readonly RuleGroup[] => [
  { name: `sloth-slo-sli-recordings-sluice-${objective.slo}`, rules: sliRules(objective) },
  { name: `sloth-slo-meta-recordings-sluice-${objective.slo}`, rules: metadataRules(objective) },
  {
    name: `sloth-slo-alerts-sluice-${objective.slo}`,
    rules: objective.severities.map((severity) => alertRule(objective, severity)),
  },
];
