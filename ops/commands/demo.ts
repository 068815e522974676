/** `sluice demo`, which `npm start` runs: the main job from nothing to the proof. */
import { Command, Option } from "commander";
import { exitCodes, integerOption, interruptible, jsonDocument, note, print, printJson } from "../cli.ts";
import type { Child } from "../children.ts";
import type { DemoReport } from "../demo/run.ts";

interface DemoCommandOptions {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly brokers: string;
  readonly requests: number;
  readonly stock: number;
  readonly clients: number;
}

/** The command. */
export const demoCommand = (): Command =>
  new Command("demo")
    .summary("run the main job: a burst of requests for one hot coupon, and the proof")
    .description(
      "Starts the stack, the API and workers, sends a burst of requests for one coupon, shows how it went, and checks " +
        "topic, database and Redis against each other. Keeps running for a look until Ctrl-C. Exits 1 when a check fails.",
    )
    .option("--once", "end everything after the checks")
    .option("--json", "print one JSON document (implies --once)")
    .addOption(new Option("--brokers <number>", "how many").choices(["1", "3"]).default("3"))
    .option("--requests <number>", "requests in the burst", integerOption(1, 1_000_000), 20_000)
    .option("--stock <number>", "units of the coupon", integerOption(1, 1_000_000), 5_000)
    .option("--clients <number>", "clients at once, each with its own connection", integerOption(1, 5_000), 1_000)
    .action((options: DemoCommandOptions) => interruptible((signal) => demo(options, signal)));

const demo = async ({ once, json, ...size }: DemoCommandOptions, signal: AbortSignal): Promise<void> => {
  const [{ runDemo, stopAll }, { stackDown }, { isUp }] = await Promise.all([
    import("../demo/run.ts"),
    import("../stack/down.ts"),
    import("../development.ts"),
  ]);
  // Only what was started here is ended here: somebody may be at work on a stack that was up before.
  const wasUp = await isUp();
  try {
    const { report, children } = await runDemo({ ...size, brokers: Number(size.brokers), workers: 2, signal });
    try {
      if (!isSound(report)) process.exitCode = exitCodes.failure;
      if (json) printJson(documentOf(report));
      else await show(report);
      if (!once && !json) await untilStopped(report, children, signal);
    } finally {
      await stopAll(children);
    }
  } finally {
    if (wasUp) note("the stack was up before, and stays up: npm run sluice -- stack down");
    else {
      note("ending the stack");
      await stackDown({});
    }
  }
};

const isSound = ({ checks, burst }: DemoReport): boolean =>
  checks.every(({ broken, pending }) => broken + pending === 0) && burst.undecided === 0;

const documentOf = (report: DemoReport) => jsonDocument("demo", report, { status: isSound(report) ? "ok" : "failed" });

const show = async (report: DemoReport): Promise<void> => {
  const [{ showSummary }, { showChecks }] = await Promise.all([
    import("../demo/summary.ts"),
    import("../verify/show.ts"),
  ]);
  print(`\n${showSummary(report.burst)}\n\n${showChecks("coupons", report.checks)}\n`);
  print(`from nothing to here: ${report.seconds} s`);
};

const untilStopped = async (
  { api, couponId }: DemoReport,
  children: readonly Child[],
  signal: AbortSignal,
): Promise<void> => {
  print(`\nIt keeps running for a look. Ctrl-C ends it.
  OpenAPI    ${api}/openapi.json
  a token    npm run -s sluice -- token --user you
  a request  curl -X POST -H "Authorization: Bearer <token>" \\
               ${api}/v1/coupons/${couponId}/reservations
  the stack  npm run sluice -- stack status
  the proof  npm run sluice -- verify
  logs       ${children.map(({ logFile }) => logFile).join("\n             ")}`);
  const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const ended = Promise.race(children.map(({ name, ended: how }) => how.then((what) => `${name} ended: ${what}`)));
  const first = await Promise.race([stopped, ended]);
  if (typeof first !== "string") return;
  note(first);
  process.exitCode = exitCodes.failure;
};
