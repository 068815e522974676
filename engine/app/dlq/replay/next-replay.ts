/** The command that replays what was planned: the same letters, under the same limits. Pure. */
import { defaultLimits } from "../../../dlq/jobs/job.ts";
import { shellWord } from "../words.ts";
import type { PlanOptions } from "./plan-verb.ts";

/** The command line, with every option of the plan that matters to a replay and is not what it would be anyway. */
export const nextReplay = (ids: readonly string[], options: PlanOptions): string => {
  const { topology, wait } = options;
  const which = given(options, ["fingerprint", "code", "node", "kind", "key", "since", "until", "attempt", "limit"]);
  const isAll = which.length === 0 && ids.length === 0;
  const limits = [
    ...limit("--rate", options.rate, defaultLimits.rate),
    ...limit("--canary", options.canary, defaultLimits.canary),
    ...limit("--abort-at", options.abortAt, defaultLimits.abortAtPercent),
    ...limit("--max-lag", options.maxLag, defaultLimits.maxLag),
    ...limit("--max-attempts", options.maxAttempts, defaultLimits.maxAttempts),
    ...(wait ? [] : ["--no-wait"]),
  ];
  return [
    "sluice dlq replay",
    `--topology ${topology}`,
    ...(isAll ? [`--all --confirm ${topology}`] : [...which, ...ids]),
    ...limits,
    ...given(options, ["transform"]),
    '--reason "..."',
  ].join(" ");
};

const given = (options: PlanOptions, names: readonly (keyof PlanOptions)[]): readonly string[] =>
  names.flatMap((name) => (options[name] === undefined ? [] : [`--${name} ${shellWord(String(options[name]))}`]));

const limit = (option: string, value: number, instead: number): readonly string[] =>
  value === instead ? [] : [`${option} ${value}`];
