/** What can be measured, and what a run of the benchmark answers. */
import type { ApiRun } from "./api.ts";
import type { BaselineRun } from "./baseline.ts";
import type { DrainRun } from "./drain.ts";
import type { PaymentsReport } from "./payments.ts";

/** What can be measured. `safety` is `hot` in turn with and without leases and upkeep; `backlog` is `uniform` with a million records waiting. */
export const measurements = [
  "baseline",
  "hot",
  "safety",
  "duplicates",
  "uniform",
  "backlog",
  "api",
  "payments",
] as const;
/** One of {@link measurements}. */
export type Measurement = (typeof measurements)[number];

/** Everything that was measured in one run. */
export interface BenchReport {
  readonly baseline: (BaselineRun & { readonly issuedPerSecond: number }) | undefined;
  readonly drains: readonly DrainRun[];
  readonly safety: SafetyRun | undefined;
  readonly api: readonly ApiRun[];
  readonly payments: PaymentsReport | undefined;
}

/** The hot coupon, in turn with and without what fences and repairs. */
export interface SafetyRun {
  readonly with: readonly DrainRun[];
  readonly without: readonly DrainRun[];
  /** Median with, by median without. */
  readonly ratio: number;
}

/** Whether every run kept every promise. */
export const isSound = ({ drains, safety, api, payments }: BenchReport): boolean =>
  [...drains, ...(safety?.with ?? []), ...(safety?.without ?? [])].every(({ broken }) => broken.length === 0) &&
  api.every(({ requests, accepted }) => requests === accepted) &&
  (payments?.runs ?? []).every(({ orders, paid, broken }) => orders === paid && broken.length === 0);
