/** A story that is told to Prometheus' own test tool: what is scraped, and when an alert fires and when it does not. */
import { stringify } from "yaml";
import { annotationsOf } from "../rules/rule.ts";
import { alerts } from "../rules/rule-files.ts";

/** Between two samples, s, where a story does not say otherwise. */
const usualStepSeconds = 15;

/** A value for some minutes; `undefined` is a target that does not answer, from its first failed scrape on. */
export type Span = readonly [value: number | undefined, minutes: number];

const samplesOf = (minutes: number, stepSeconds: number): number => Math.round((minutes * 60) / stepSeconds);

/** Samples of a gauge. */
export const gauge = (spans: readonly Span[], stepSeconds = usualStepSeconds): string =>
  spans
    .map(([value, minutes]) => {
      const more = samplesOf(minutes, stepSeconds) - 1;
      return value === undefined ? `stale${more > 0 ? ` _x${more}` : ""}` : `${value}+0x${more}`;
    })
    .join(" ");

/** Samples of a counter that grows by so much a second. */
export const counter = (
  spans: readonly (readonly [aSecond: number, minutes: number])[],
  stepSeconds = usualStepSeconds,
): string => {
  const values: number[] = [];
  let now = 0;
  for (const [aSecond, minutes] of spans)
    for (let left = samplesOf(minutes, stepSeconds); left > 0; left--) {
      values.push(now);
      now += aSecond * stepSeconds;
    }
  return values.join(" ");
};

/** The story of one alert. Times are minutes from its beginning. */
export interface AlertCase {
  readonly alert: string;
  /** Between two samples, s; for stories that last for hours. */
  readonly stepSeconds?: number;
  /** Samples by series. */
  readonly series: Readonly<Record<string, string>>;
  /** Moments at which it does not fire although something is not as usual: a burst, a pause, a restart. */
  readonly quiet: readonly number[];
  /** When it fires, for what, and in which words. */
  readonly fires: {
    readonly at: number;
    readonly labels?: Readonly<Record<string, string>>;
    /** The description, as it arrives. */
    readonly says: string;
  };
  /** Other moments at which it fires, for the same and in the same words. */
  readonly firesToo?: readonly number[];
  /** When it fires no more. `never`: it always fires. */
  readonly heals: number | "never";
}

/** The document of `promtool test rules` for a story. @throws Error where there is no such alert */
export const testDocument = (story: AlertCase, ruleFiles: readonly string[]): string => {
  const interval = `${story.stepSeconds ?? usualStepSeconds}s`;
  const input = Object.entries(story.series).map(([series, values]) => ({ series, values }));
  return stringify({
    rule_files: ruleFiles,
    evaluation_interval: interval,
    tests: [{ name: story.alert, interval, input_series: input, alert_rule_test: momentsOf(story) }],
  });
};

const momentsOf = ({ alert: name, quiet, fires, firesToo = [], heals }: AlertCase) => {
  const alert = alerts.find((one) => one.alert === name);
  if (alert === undefined) throw new Error(`there is no alert ${name}`);
  const at = (minutes: number, expected: readonly object[]) => ({
    eval_time: `${Math.round(minutes * 60)}s`,
    alertname: name,
    exp_alerts: expected,
  });
  const fired = {
    exp_labels: { severity: alert.severity, ...fires.labels },
    exp_annotations: { ...annotationsOf(alert), description: fires.says },
  };
  const still = heals === "never" ? [] : [...quiet, heals].map((minutes) => at(minutes, []));
  return [...still, ...[fires.at, ...firesToo].map((minutes) => at(minutes, [fired]))];
};
