/** What can be measured, and what a run of the benchmark answers. */
import type { ApiRun } from "./api.ts";
import type { BaselineRun } from "./baseline.ts";
import type { DrainRun } from "./drain.ts";

/** What can be measured. `backlog` is `uniform` with a million records waiting. */
export const measurements = ["baseline", "hot", "duplicates", "uniform", "backlog", "api"] as const;
/** One of {@link measurements}. */
export type Measurement = (typeof measurements)[number];

/** Everything that was measured in one run. */
export interface BenchReport {
  readonly baseline: (BaselineRun & { readonly issuedPerSecond: number }) | undefined;
  readonly drains: readonly DrainRun[];
  readonly api: readonly ApiRun[];
}

/** Whether every run kept every promise. */
export const isSound = ({ drains, api }: BenchReport): boolean =>
  drains.every(({ broken }) => broken.length === 0) && api.every(({ requests, accepted }) => requests === accepted);
