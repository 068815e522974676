/** What a rule of Prometheus is, as it is written to its file. Pure. */

/** Who is told: `page` wakes somebody, `ticket` waits for the morning, `info` is only shown, `none` proves that alerts arrive. */
export type Severity = "page" | "ticket" | "info" | "none";

/** A series that is computed before it is asked for. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  /** Labels with one value, that the expression's own series have not. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels its series have beside {@link RecordingRule.labels}. */
  readonly by: readonly string[];
}

/** An alert. Its name is the name of its runbook. */
export interface AlertRule {
  readonly alert: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long the expression has to hold, as Prometheus writes it: `2m`. At once where not given. */
  readonly for?: string;
  /** What it means, without values. */
  readonly summary: string;
  /** What it is about now: with the value, and the labels that tell one from another. */
  readonly description: string;
  /** `uid` of the dashboard to look at. */
  readonly dashboard: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A group: evaluated together, in order. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** A rule as Prometheus reads it. */
export type RuleDocument = Readonly<Record<string, unknown>>;

/** Where the page of an alert is, from the root of the repository. */
export const runbookOf = (alert: string): string => `docs/runbooks/${alert}.md`;

/** The document of a rule file. */
export const documentOf = (groups: readonly RuleGroup[]): { readonly groups: readonly RuleDocument[] } => ({
  groups: groups.map(({ name, rules }) => ({ name, rules: rules.map(ruleOf) })),
});

const ruleOf = (rule: RecordingRule | AlertRule): RuleDocument =>
  "alert" in rule
    ? {
        alert: rule.alert,
        expr: rule.expr,
        ...(rule.for === undefined ? {} : { for: rule.for }),
        labels: { severity: rule.severity, ...rule.labels },
        annotations: annotationsOf(rule),
      }
    : { record: rule.record, expr: rule.expr, ...(rule.labels === undefined ? {} : { labels: rule.labels }) };

/** What an alert carries for whoever gets it. */
export const annotationsOf = (rule: AlertRule): Readonly<Record<string, string>> => ({
  summary: rule.summary,
  description: rule.description,
  runbook_url: runbookOf(rule.alert),
  dashboard_url: `/d/${rule.dashboard}`,
});
