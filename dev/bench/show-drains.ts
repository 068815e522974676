/** The workloads as tables for people: how fast, and at what cost. */
import { count, formatTable } from "../../engine/app/cli.ts";
import type { DrainRun } from "./coupons/drain.ts";
import { median } from "./in-turn.ts";
import type { BenchReport } from "./report.ts";

/** Rates beside the baseline, and what they cost; medians where a workload was run more than once. No table without a run. */
export const showDrains = ({ baseline, drains, keys }: BenchReport): readonly string[] => {
  // A backlog is the uniform workload, and larger; each number of keys is a run of its own.
  const turns = Map.groupBy(drains, ({ about, requests }) => `${about} ${requests}`).values();
  const workloads = [...turns, ...keys.map((run) => [run])];
  const rates = showRates(baseline, workloads);
  if (workloads.length === 0) return baseline === undefined ? [] : [rates];
  return [rates, showCosts(workloads)];
};

/** Runs of one workload. */
type Turns = readonly DrainRun[];

const aboutOf = (runs: Turns): string => runs[0]?.about ?? "";

const medianOf = (runs: Turns, read: (run: DrainRun) => number): number => median(runs.map(read));

const showRates = (baseline: BenchReport["baseline"], workloads: readonly Turns[]): string => {
  const right = ["issued", "time", "issued/s", "from, to", "decided/s", "baseline", "peak"];
  const rows = workloads.map((runs) => {
    const rates = runs.map(({ issuedPerSecond }) => issuedPerSecond);
    return [
      aboutOf(runs),
      count(medianOf(runs, ({ issued }) => issued)),
      `${medianOf(runs, ({ seconds }) => seconds)} s`,
      count(median(rates)),
      runs.length === 1 ? "" : `${count(Math.min(...rates))} to ${count(Math.max(...rates))}`,
      count(medianOf(runs, ({ decidedPerSecond }) => decidedPerSecond)),
      baseline === undefined ? "" : `${(median(rates) / baseline.issuedPerSecond).toFixed(1)}x`,
      `${medianOf(runs, ({ workerPeakMb }) => workerPeakMb)} MB`,
    ];
  });
  return formatTable(["workload", ...right], [...baselineRow(baseline), ...rows], { right });
};

const baselineRow = (baseline: BenchReport["baseline"]): readonly (readonly string[])[] => {
  if (baseline === undefined) return [];
  const { issued, seconds, issuedPerSecond } = baseline;
  const done = [count(issued), `${seconds.toFixed(2)} s`, count(issuedPerSecond)];
  return [["baseline, record by record", ...done, "", "", "1.0x", ""]];
};

/** Microseconds by request are CPU seconds by a million requests. */
const showCosts = (workloads: readonly Turns[]): string => {
  const right = ["worker", "database", "broker", "redis", "transactions", "flushes"];
  const rows = workloads.map((runs) => [
    aboutOf(runs),
    ...[
      medianOf(runs, ({ workerCpuMicros }) => workerCpuMicros),
      medianOf(runs, ({ cpuMicros }) => cpuMicros.database),
      medianOf(runs, ({ cpuMicros }) => cpuMicros.broker),
      medianOf(runs, ({ cpuMicros }) => cpuMicros.redis),
      medianOf(runs, ({ transactionsPerThousand }) => transactionsPerThousand),
      medianOf(runs, ({ flushesPerThousand }) => flushesPerThousand),
    ].map(String),
  ]);
  const table = formatTable(["CPU seconds a million requests", ...right], rows, { right });
  const warmUp = workloads[0]?.[0]?.warmUp ?? 0;
  const had =
    warmUp === 0 ? "; the worker started cold" : `; the worker had ${count(warmUp)} before, which count here alone`;
  return `${table}\ntransactions and flushes of the database by a thousand requests${had}`;
};
