/** `sluice bench`, which `npm run bench` runs: how fast, measured in one run, and only where every promise was kept. */
import { Argument, Command } from "commander";
import { about, isSound, type Measurement, measurements } from "../bench/report.ts";
import { exitCodes, integerOption, interruptible, jsonDocument, printJson } from "../../engine/app/cli.ts";

interface BenchCommandOptions {
  readonly requests: number;
  readonly runs: number;
  readonly warmUp: number;
  readonly baselineRecords: number;
  readonly payments: number;
  readonly gateUnits: number;
  readonly keep?: boolean;
  readonly write?: boolean;
  readonly json?: boolean;
}

/** The command. */
export const benchCommand = (): Command =>
  new Command("bench")
    .summary("measure throughput, latency and memory against the per-record baseline")
    .description(
      "Measures on a stack of its own with one broker, a million user coupons in the table and a million payments in the " +
        "history. Every run is verified afterwards; one that broke a promise counts for nothing, and the exit code is 1.\n\n" +
        Object.entries(about)
          .map(([name, what]) => `  ${name.padEnd(12)}${what}`)
          .join("\n"),
    )
    .addArgument(new Argument("[measurement...]", "what to measure (default: all)").choices([...measurements]))
    .option("--requests <number>", "requests of each workload", integerOption(1_000, 5_000_000), 300_000)
    .option("--runs <number>", "runs of each workload, in turn; then medians are shown", integerOption(1, 20), 1)
    .option(
      "--warm-up <number>",
      "requests a worker has had before a workload is measured; 0: it starts cold",
      integerOption(0, 1_000_000),
      // As many as the rival's listener has had; V8 compiles for some 200,000 still.
      300_000,
    )
    .option(
      "--baseline-records <number>",
      "records of the baselines of coupons and history",
      integerOption(100, 1_000_000),
      // Those of one hot coupon do some 1,000 a second once they are warm, and 4,000 end before that.
      12_000,
    )
    .option("--payments <number>", "payments of history", integerOption(10_000, 5_000_000), 300_000)
    .option("--gate-units <number>", "units of gate", integerOption(100_000, 100_000_000), 20_000_000)
    .option("--write", "put the figures of keys and latency into docs/benchmarks.json, and draw them")
    .option("--keep", "leave the stack up for the next run")
    .option("--json", "print one JSON document")
    .action((only: readonly Measurement[], options: BenchCommandOptions) =>
      interruptible((signal) => bench(only.length > 0 ? only : measurements, options, signal)),
    );

const bench = async (
  only: readonly Measurement[],
  { keep, write, json, ...sizes }: BenchCommandOptions,
  signal: AbortSignal,
): Promise<void> => {
  const [{ runBench }, { showReport }, { loadNow, writePictures }, { benchStack }, { stackDown }] = await Promise.all([
    import("../bench/run.ts"),
    import("../bench/show.ts"),
    import("../bench/write-pictures.ts"),
    import("../bench/stage.ts"),
    import("../stack/down.ts"),
  ]);
  const load = loadNow();
  try {
    const report = await runBench({ only, ...sizes, signal });
    if (!isSound(report)) process.exitCode = exitCodes.failure;
    else if (write) await writePictures(report, load);
    if (json) printJson(jsonDocument("bench", report, { status: isSound(report) ? "ok" : "failed" }));
    else showReport(report);
  } finally {
    if (!keep) await stackDown({ name: benchStack });
  }
};
