/** `sluice bench`, which `npm run bench` runs: how fast, measured in one run, and only where every promise was kept. */
import { Argument, Command } from "commander";
import { type BenchReport, isSound, type Measurement, measurements } from "../bench/report.ts";
import { exitCodes, formatTable, integerOption, interruptible, jsonDocument, note, print, printJson } from "../cli.ts";

interface BenchCommandOptions {
  readonly requests: number;
  readonly baselineRecords: number;
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** The command. */
export const benchCommand = (): Command =>
  new Command("bench")
    .summary("measure throughput, latency and memory against the per-record baseline")
    .description(
      "Measures on a stack of its own with one broker and a million user coupons in the table. Every run is verified " +
        "afterwards; one that broke a promise counts for nothing, and the exit code is 1.",
    )
    .addArgument(new Argument("[measurement...]", "what to measure (default: all)").choices([...measurements]))
    .option(
      "--requests <number>",
      "requests of the hot, duplicates and uniform workloads",
      integerOption(1_000, 5_000_000),
      300_000,
    )
    .option("--baseline-records <number>", "records of the baseline", integerOption(100, 1_000_000), 4_000)
    .option("--keep", "leave the stack up for the next run")
    .option("--json", "print one JSON document")
    .action((only: readonly Measurement[], options: BenchCommandOptions) =>
      interruptible((signal) => bench(only.length > 0 ? only : measurements, options, signal)),
    );

const bench = async (
  only: readonly Measurement[],
  { requests, baselineRecords, keep, json }: BenchCommandOptions,
  signal: AbortSignal,
): Promise<void> => {
  const [{ runBench }, { benchStack }, { stackDown }] = await Promise.all([
    import("../bench/run.ts"),
    import("../bench/stage.ts"),
    import("../stack/down.ts"),
  ]);
  try {
    const report = await runBench({ only, requests, baselineRecords, signal });
    if (!isSound(report)) process.exitCode = exitCodes.failure;
    if (json) printJson(jsonDocument("bench", report, { status: isSound(report) ? "ok" : "failed" }));
    else show(report);
  } finally {
    if (!keep) await stackDown({ name: benchStack });
  }
};

const show = ({ baseline, drains, safety, api, payments }: BenchReport): void => {
  const ratio = (rate: number) => (baseline === undefined ? "" : `${(rate / baseline.issuedPerSecond).toFixed(1)}x`);
  const rows = drains.map((run) => [
    run.about,
    count(run.issued),
    `${run.seconds} s`,
    count(run.issuedPerSecond),
    ratio(run.issuedPerSecond),
    `${run.workerCpuMicros} us`,
    `${run.workerPeakMb} MB`,
  ]);
  const base = baseline && ["baseline, record by record", count(baseline.issued), `${baseline.seconds.toFixed(2)} s`];
  if (base !== undefined) rows.unshift([...base, count(baseline?.issuedPerSecond ?? 0), "1.0x", "", ""]);
  const right = ["issued", "time", "issued/s", "baseline", "CPU/request", "peak"];
  if (rows.length > 0) print(`\n${formatTable(["workload", ...right], rows, { right })}`);
  if (safety !== undefined) print(`\n${showSafety(safety)}`);
  if (api.length > 0) print(`\n${showApi(api)}`);
  if (payments !== undefined) print(`\n${showPayments(payments)}`);
  for (const { about, broken } of drains)
    for (const { claim, examples } of broken) note(`BROKEN in ${about}: ${claim}: ${examples.join("; ")}`);
};

const showSafety = ({ with: safe, without, ratio }: NonNullable<BenchReport["safety"]>): string => {
  const rows = [
    ["without", ...without.map(rateOf)],
    ["with", ...safe.map(rateOf)],
  ];
  const turns = safe.map((_, at) => `run ${at + 1}`);
  const table = formatTable(["leases and upkeep", ...turns], rows, { right: turns });
  return `${table}\nmedian with by median without: ${ratio}`;
};

const rateOf = ({ issuedPerSecond }: { readonly issuedPerSecond: number }): string => `${count(issuedPerSecond)}/s`;

const showApi = (api: BenchReport["api"]): string =>
  formatTable(
    ["API load", "accepted", "accepted/s", "p50", "p99", "max"],
    api.map((run) => [
      run.load,
      `${count(run.accepted)} of ${count(run.requests)}`,
      count(run.acceptedPerSecond),
      ...[run.latencyMs.p50, run.latencyMs.p99, run.latencyMs.max].map((ms) => `${ms} ms`),
    ]),
    { right: ["accepted", "accepted/s", "p50", "p99", "max"] },
  );

const showPayments = ({ runs, relay }: NonNullable<BenchReport["payments"]>): string => {
  for (const { load, broken } of runs) if (broken.length > 0) note(`BROKEN in ${load}: ${broken.join("; ")}`);
  const table = formatTable(
    ["payments", "paid", "paid/s", "p50", "p99", "max", "API CPU"],
    runs.map((run) => [
      run.load,
      `${count(run.paid)} of ${count(run.orders)}`,
      count(run.paidPerSecond),
      ...[run.latencyMs.p50, run.latencyMs.p99, run.latencyMs.max].map((ms) => `${ms} ms`),
      `${run.apiCpuMicros} us`,
    ]),
    { right: ["paid", "paid/s", "p50", "p99", "max", "API CPU"] },
  );
  const { rows, seconds, rowsPerSecond } = relay;
  return `${table}\nrelay: ${count(rows)} rows in ${seconds} s, ${count(rowsPerSecond)} rows/s`;
};

const count = (n: number): string => n.toLocaleString("en-US");
