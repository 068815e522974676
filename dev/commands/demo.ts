/** `sluice demo`, which `npm start` runs: the main job from nothing to the proof. */
import { Command, Option } from "commander";
import { exitCodes, integerOption, interruptible, jsonDocument, note, print, printJson } from "../../engine/app/cli.ts";
import type { Child } from "../children.ts";
import type { DemoReport } from "../demo/run.ts";
import { isSound as allHold } from "../../ops/verify/check.ts";

interface DemoCommandOptions {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly brokers: string;
  readonly requests: number;
  readonly stock: number;
  readonly clients: number;
  readonly orders: number;
  readonly outage: number;
}

/** The command. */
export const demoCommand = (): Command =>
  new Command("demo")
    .summary("run the main job: a burst of requests for one hot coupon, payments with those coupons, and the proof")
    .description(
      "Starts the stack and our processes, sends a burst of requests for one coupon, has orders paid by many clients " +
        "while the data platform is down for a while, shows how it went, and checks topics, database, Redis and platform " +
        "against each other. Keeps running for a look until Ctrl-C. Exits 1 when a check fails.",
    )
    .option("--once", "end everything after the checks")
    .option("--json", "print one JSON document (implies --once)")
    .option("--watch", "start Prometheus, Alertmanager and exporters beside it, as far as they are installed")
    .addOption(new Option("--brokers <number>", "how many").choices(["1", "3"]).default("3"))
    .option("--requests <number>", "requests in the burst", integerOption(1, 1_000_000), 20_000)
    .option("--stock <number>", "units of the coupon", integerOption(1, 1_000_000), 5_000)
    .option("--clients <number>", "clients at once, each with its own connection", integerOption(1, 5_000), 1_000)
    .option("--orders <number>", "orders to pay; 0 leaves payments out", integerOption(0, 100_000), 4_000)
    .option("--outage <seconds>", "how long the platform is down while they are paid", integerOption(1, 600), 10)
    .action((options: DemoCommandOptions) => interruptible((signal) => demo(options, signal)));

const demo = async (
  { once, json, watch = false, brokers, outage, ...size }: DemoCommandOptions,
  signal: AbortSignal,
): Promise<void> => {
  const [{ runDemo, stopAll }, { stackDown }, { isUp }] = await Promise.all([
    import("../demo/run.ts"),
    import("../stack/down.ts"),
    import("../development.ts"),
  ]);
  // Only what was started here is ended here: others may use a stack that was up before.
  const wasUp = await isUp();
  try {
    const { report, children } = await runDemo({
      ...size,
      watch,
      brokers: Number(brokers),
      outageMs: outage * 1_000,
      workers: 2,
      signal,
    });
    try {
      if (!isSound(report)) process.exitCode = exitCodes.failure;
      if (json) printJson(documentOf(report));
      else await show(report);
      if (!once && !json) await look(report, { children, watch, signal });
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

const isSound = ({ checks, burst, payments }: DemoReport): boolean =>
  allHold([...checks, ...(payments?.checks ?? [])]) && burst.undecided === 0 && (payments?.unanswered ?? 0) === 0;

const documentOf = (report: DemoReport) => jsonDocument("demo", report, { status: isSound(report) ? "ok" : "failed" });

const show = async (report: DemoReport): Promise<void> => {
  const [{ showSummary }, { showPaymentsSummary }, { showChecks }] = await Promise.all([
    import("../demo/summary.ts"),
    import("../demo/payments/payments-summary.ts"),
    import("../../engine/app/verify/show.ts"),
  ]);
  const { burst, checks, payments } = report;
  print(`\n${showSummary(burst)}\n\n${showChecks("coupons", checks)}\n`);
  if (payments !== undefined) print(`${showPaymentsSummary(payments)}\n\n${showChecks("payments", payments.checks)}\n`);
  print(`from nothing to here: ${report.seconds} s`);
};

interface Look {
  readonly children: readonly Child[];
  readonly watch: boolean;
  readonly signal: AbortSignal;
}

const look = async ({ api, couponId, payments }: DemoReport, { children, watch, signal }: Look): Promise<void> => {
  const [{ untilStopped }, pages] = await Promise.all([import("../demo/look.ts"), watch ? pagesOfDemo() : []]);
  print(`\nIt keeps running for a look. Ctrl-C ends it.
  OpenAPI    ${api}/openapi.json
  a token    npm run -s sluice -- token --user you
  a request  curl -X POST -H "Authorization: Bearer <token>" \\
               ${api}/v1/coupons/${couponId}/reservations
${payments === undefined ? "" : paymentHint(api, payments)}  the stack  npm run sluice -- stack status
  the proof  npm run sluice -- verify${verifyOptions(payments)}
${pages.map((page) => `  ${page}\n`).join("")}  logs       ${children.map(({ logFile }) => logFile).join("\n             ")}`);
  if ((await untilStopped(children, { signal, tell: note })) > 0) process.exitCode = exitCodes.failure;
};

const pagesOfDemo = async (): Promise<readonly string[]> => (await import("../stack/watch/pages.ts")).pagesOf();

const paymentHint = (api: string, { leftOpen: { orderId, userId } }: NonNullable<DemoReport["payments"]>): string =>
  `  a payment  curl -X POST -H "Authorization: Bearer $(npm run -s sluice -- token --user ${userId})" \\
               -H 'Idempotency-Key: 1' -H 'Content-Type: application/json' \\
               -d '{"orderId":"${orderId}"}' ${api}/v1/payments
`;

const verifyOptions = (payments: DemoReport["payments"]): string =>
  payments === undefined ? "" : ` --users ${payments.users} --platform ${payments.platformControlUrl}`;
