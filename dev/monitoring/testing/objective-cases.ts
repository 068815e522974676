/**
 * Stories about the objectives, told to all of them at once: errors within the budget are quiet, a bad quarter of an hour pages,
 * a bad day is a ticket. Windows reach over days, so they are sampled more rarely than the others.
 */
import { stringify } from "yaml";
import { budgetOf, idOf } from "../rules/objective-rules.ts";
import { type Objective, objectives } from "../rules/objectives.ts";
import { paymentsRoute, reservationsRoute } from "../rules/recording.ts";
import { counter } from "./alert-case.ts";

const stepSeconds = 120;
/** Events a second, where a story does not say otherwise. */
const usualRate = 1_000;

/** How many times its budget an objective loses, for some minutes. */
type Losing = readonly (readonly [times: number, minutes: number])[];

interface Story {
  readonly name: string;
  readonly losing: Losing;
  /** Events a second. */
  readonly rate?: number;
  /** 0 while the circuit is not closed. */
  readonly circuit: 0 | 1;
  /** Whether alerts of a severity fire, by minute. */
  readonly expected: readonly { readonly at: number; readonly severity: "page" | "ticket"; readonly fires: boolean }[];
}

const hour = 60;
const stories: readonly Story[] = [
  {
    name: "a page",
    // Half of what may be lost, for two hours; then a hundred times that, for a quarter of an hour.
    losing: [
      [0.5, 2 * hour],
      [100, 14],
      [0, 2 * hour],
    ],
    circuit: 1,
    expected: [
      { at: 119, severity: "page", fires: false },
      { at: 134, severity: "page", fires: true },
      // The short windows have forgotten it: it does not page for the six hours that the long one remembers.
      { at: 170, severity: "page", fires: false },
    ],
  },
  {
    name: "a ticket",
    losing: [
      [0.5, 3 * hour],
      [4.5, 8 * hour],
      [0, 7 * hour],
    ],
    circuit: 1,
    expected: [
      { at: 3 * hour - 2, severity: "ticket", fires: false },
      { at: 11 * hour - 2, severity: "ticket", fires: true },
      { at: 11 * hour - 2, severity: "page", fires: false },
      { at: 17 * hour + 20, severity: "ticket", fires: false },
    ],
  },
  {
    name: "a quiet night",
    // Two an hour, and none of them is good: six by the third hour, and twelve in the last six of eight.
    rate: 2 / 3_600,
    losing: [[Number.POSITIVE_INFINITY, 8 * hour]],
    circuit: 1,
    expected: [
      { at: 3 * hour, severity: "page", fires: false },
      { at: 3 * hour, severity: "ticket", fires: false },
      { at: 8 * hour - 2, severity: "page", fires: true },
    ],
  },
];

const job = 'job="sluice", instance="api:9400"';

const counters = ({ losing, rate = usualRate }: Story, objective: Objective) => {
  const share = (times: number): number => Math.min(1, times * budgetOf(objective));
  return {
    bad: counter(
      losing.map(([times, minutes]) => [rate * share(times), minutes] as const),
      stepSeconds,
    ),
    good: counter(
      losing.map(([times, minutes]) => [rate * (1 - share(times)), minutes] as const),
      stepSeconds,
    ),
    all: counter(
      losing.map(([, minutes]) => [rate, minutes] as const),
      stepSeconds,
    ),
  };
};

/** What is scraped, by objective: its good and its bad events. */
const seriesOf = (story: Story, objective: Objective): Readonly<Record<string, string>> => {
  const { bad, good, all } = counters(story, objective);
  const answered = (route: string): string => `sluice_http_request_seconds_count{${job}, route="${route}"`;
  const late = (topology: string, le: string) => ({
    [`sluice_record_age_seconds_bucket{${job}, topology="${topology}", topic="t", le="${le}"}`]: good,
    [`sluice_record_age_seconds_count{${job}, topology="${topology}", topic="t"}`]: all,
  });
  const of: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    acceptance: {
      [`${answered(reservationsRoute)}, status="503"}`]: bad,
      [`${answered(reservationsRoute)}, status="202"}`]: good,
    },
    payment: {
      [`${answered(paymentsRoute)}, status="503"}`]: bad,
      [`${answered(paymentsRoute)}, status="201"}`]: good,
    },
    "payment-time": {
      [`sluice_http_request_seconds_bucket{${job}, route="${paymentsRoute}", status="201", le="0.5"}`]: good,
    },
    verdict: late("coupon-issuing", "5"),
    // As Prometheus 3 keeps it.
    history: late("transaction-history", "30.0"),
    delivery: late("external-data", "60"),
  };
  const own = of[objective.slo];
  if (own === undefined) throw new Error(`no story is told to ${objective.slo}`);
  return own;
};

/** The document of `promtool test rules` for one story, told to some objectives. */
const testOf = (story: Story, told: readonly Objective[]) => {
  const { name, losing, circuit, expected } = story;
  const lastMinutes = losing.reduce((sum, [, minutes]) => sum + minutes, 0);
  const input = told.flatMap((objective) => Object.entries(seriesOf(story, objective)));
  const closed = [
    `sluice_circuit{${job}, state="closed"}`,
    `${circuit}+0x${(lastMinutes * 60) / stepSeconds}`,
  ] as const;
  return {
    name: `${name}: ${told.map(({ slo }) => slo).join(", ")}`,
    interval: `${stepSeconds}s`,
    input_series: [...input, closed].map(([series, values]) => ({ series, values })),
    promql_expr_test: told.flatMap((objective) =>
      expected.map(({ at, severity, fires }) => ({
        expr: `count(ALERTS{alertname="${objective.alert}", sloth_slo="${idOf(objective).sloth_slo}", severity="${severity}", alertstate="firing"}) or vector(0)`,
        eval_time: `${at}m`,
        exp_samples: [{ labels: "{}", value: Number(fires && objective.severities.includes(severity)) }],
      })),
    ),
  };
};

/** Nothing is delivered in time, and nobody is told: the platform is away, and the topic keeps it. */
const away: Story = {
  name: "a platform that is away",
  losing: [[100, 3 * hour]],
  circuit: 0,
  expected: [{ at: 2 * hour, severity: "ticket", fires: false }],
};

/** The document for all stories. Payments are counted by one series for both of their objectives, and it fits both. */
export const objectiveTestDocument = (ruleFiles: readonly string[]): string =>
  stringify({
    rule_files: ruleFiles,
    evaluation_interval: `${stepSeconds}s`,
    tests: [
      ...stories.map((story) => testOf(story, objectives)),
      testOf(
        away,
        objectives.filter(({ onlyWhile }) => onlyWhile !== undefined),
      ),
    ],
  });
