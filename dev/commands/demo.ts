/** `sluice demo`, which `npm start` runs: the main job from nothing to the proof. */
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { exitCodes, integerOption, interruptible, jsonDocument, note, print, printJson } from "../../engine/app/cli.ts";
import type { Child } from "../children.ts";
import type { DemoReport, MainJobSize } from "../demo/main-job.ts";
import type { EmbeddedDemo } from "../embedded/run.ts";
import { isSound as allHold } from "../../ops/verify/claim.ts";

interface DemoCommandOptions extends Partial<Size> {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly embedded?: boolean;
  readonly brokers: string;
}

/** What of the main job is said on the command line; times in seconds. */
interface Size {
  readonly requests: number;
  readonly stock: number;
  readonly clients: number;
  readonly orders: number;
  readonly outage: number;
  /** How long is paid before the outage, and after it. */
  readonly around: number;
}

/** Unless told otherwise. One process has one thread, also for the clients: it is done in a few seconds too. */
const sizes: Readonly<Record<"stack" | "embedded", Size>> = {
  stack: { requests: 20_000, stock: 5_000, clients: 1_000, orders: 4_000, outage: 10, around: 3 },
  embedded: { requests: 4_000, stock: 1_000, clients: 200, orders: 600, outage: 2, around: 1 },
};

/** The command. */
export const demoCommand = (): Command =>
  new Command("demo")
    .summary("run the main job: a burst of requests for one hot coupon, payments with those coupons, and the proof")
    .description(
      "Starts the stack and our processes, sends a burst of requests for one coupon, has orders paid by many clients " +
        "while the data platform is down for a while, shows how it went, and checks topics, database, Redis and platform " +
        "against each other. Keeps running for a look until Ctrl-C. Exits 1 when a check fails. With --embedded it is smaller, " +
        "and all of it is one process on a log and stores in memory, which needs nothing but npm.",
    )
    .option("--embedded", "without Kafka, MariaDB and Redis: everything in this process, in memory")
    .option("--once", "end everything after the checks")
    .option("--json", "print one JSON document (implies --once)")
    .addOption(
      new Option(
        "--watch",
        "start Prometheus, Alertmanager and exporters beside it, as far as they are installed",
      ).conflicts("embedded"),
    )
    .addOption(new Option("--brokers <number>", "how many").choices(["1", "3"]).default("3").conflicts("embedded"))
    .option(...sized("requests", "requests in the burst"), integerOption(1, 1_000_000))
    .option(...sized("stock", "units of the coupon"), integerOption(1, 1_000_000))
    .option(...sized("clients", "clients at once, each with its own connection"), integerOption(1, 5_000))
    .option(...sized("orders", "orders to pay; 0 leaves payments out"), integerOption(0, 100_000))
    .option(...sized("outage", "how long the platform is down while they are paid, in seconds"), integerOption(1, 600))
    .action((options: DemoCommandOptions) =>
      interruptible((signal) => (options.embedded ? embedded(options, signal) : demo(options, signal))),
    );

const sized = (name: keyof Size, what: string): readonly [string, string] => {
  const [stack, embedded] = [sizes.stack[name], sizes.embedded[name]];
  return [`--${name} <number>`, `${what} (default: ${stack}, embedded ${embedded})`];
};

const sizeOf = (options: Partial<Size>, of: keyof typeof sizes, signal: AbortSignal): MainJobSize => {
  const { requests, stock, clients, orders, outage, around } = { ...sizes[of], ...options };
  return { requests, stock, clients, orders, outageMs: outage * 1_000, aroundMs: around * 1_000, signal };
};

const demo = async (given: DemoCommandOptions, signal: AbortSignal): Promise<void> => {
  const { once, json, watch = false, brokers } = given;
  const [{ runDemo, stopAll }, { stackDown }, { isUp }] = await Promise.all([
    import("../demo/run.ts"),
    import("../stack/down.ts"),
    import("../development.ts"),
  ]);
  // Only what was started here is ended here: others may use a stack that was up before.
  const wasUp = await isUp();
  try {
    const size = sizeOf(given, "stack", signal);
    const looksOn = !once && !json;
    const options = { ...size, watch, brokers: Number(brokers), workers: 2, console: looksOn };
    const { report, children } = await runDemo(options);
    try {
      await tell(report, json);
      if (looksOn) await look(report, { children, watch, signal });
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

const embedded = async (options: DemoCommandOptions, signal: AbortSignal): Promise<void> => {
  note(whatEmbeddedIsNot);
  const { runEmbedded } = await import("../embedded/run.ts");
  const isLookedAt = !options.once && !options.json;
  const tellConsole = (address: string): void => note(`  console: ${address}`);
  const ran = await runEmbedded({
    ...sizeOf(options, "embedded", signal),
    workers: 2,
    tellConsole: isLookedAt ? tellConsole : undefined,
  });
  try {
    await tell(ran.report, options.json);
    if (isLookedAt) await lookEmbedded(ran, signal);
  } finally {
    await ran.stop();
  }
};

const whatEmbeddedIsNot = `This is not the real thing: no Kafka, no MariaDB and no Redis, but a log and stores in the memory of one process. Engine,
topologies, API and payment rule are the product's own; coupons are decided one by one, where the database decides a round. Nothing
is kept, nothing takes over when it fails, and its speed is that of one thread, which a burst of clients shares. The real thing: npm start
`;

const tell = async (report: DemoReport, json = false): Promise<void> => {
  if (!isSound(report)) process.exitCode = exitCodes.failure;
  if (json) printJson(documentOf(report));
  else await show(report);
};

const isSound = ({ checks, burst, payments }: DemoReport): boolean =>
  allHold([...checks, ...(payments?.checks ?? [])]) && burst.undecided === 0 && (payments?.unanswered ?? 0) === 0;

const documentOf = (report: DemoReport) => jsonDocument("demo", report, { status: isSound(report) ? "ok" : "failed" });

const show = async (report: DemoReport): Promise<void> => {
  const [{ showPace, showSummary }, { showPaymentsSummary }, { showChecks }] = await Promise.all([
    import("../demo/summary.ts"),
    import("../demo/payments/payments-summary.ts"),
    import("../../engine/app/verify/show.ts"),
  ]);
  const { system, burst, checks, payments } = report;
  print(`\n${showSummary(burst)}\n${showPace(system, availableParallelism())}\n\n${showChecks("coupons", checks)}\n`);
  if (payments !== undefined) print(`${showPaymentsSummary(payments)}\n\n${showChecks("payments", payments.checks)}\n`);
  print(`from nothing to here: ${report.seconds} s`);
};

interface Look {
  readonly children: readonly Child[];
  readonly watch: boolean;
  readonly signal: AbortSignal;
}

const look = async (report: DemoReport, { children, watch, signal }: Look): Promise<void> => {
  const { payments } = report;
  const [{ untilStopped }, { consoleOf, storyIn }, pages] = await Promise.all([
    import("../demo/look.ts"),
    import("../demo/console.ts"),
    watch ? pagesOfDemo() : [],
  ]);
  const address = await consoleOf(children);
  print(`${requestHints(report)}  a browser  ${address}
  a story    ${storyIn(address, report.couponId)}
  the stack  npm run sluice -- stack status
  the proof  npm run sluice -- verify${verifyOptions(payments)}
${pages.map((page) => `  ${page}\n`).join("")}  logs       ${children.map(({ logFile }) => logFile).join("\n             ")}`);
  if ((await untilStopped(children, { signal, tell: note })) > 0) process.exitCode = exitCodes.failure;
};

const lookEmbedded = async ({ report, system, logFile }: EmbeddedDemo, signal: AbortSignal): Promise<void> => {
  const { untilStopped } = await import("../demo/look.ts");
  print(`${requestHints(report)}  console    its address is at the top; once it was used, the latest one that was printed
  log        ${logFile}`);
  const parts = system.parts.map(({ name, running }) => ({ name, ended: running.ended.then(String) }));
  if ((await untilStopped(parts, { signal, tell: note })) > 0) process.exitCode = exitCodes.failure;
};

const requestHints = ({ api, couponId, payments }: DemoReport): string => `
It keeps running for a look. Ctrl-C ends it.
  OpenAPI    ${api}/openapi.json
  a request  curl -X POST -H "Authorization: Bearer $(npm run -s sluice -- token --user you)" \\
               ${api}/v1/coupons/${couponId}/reservations
${payments === undefined ? "" : paymentHint(api, payments)}`;

const pagesOfDemo = async (): Promise<readonly string[]> => (await import("../stack/watch/pages.ts")).pagesOf();

const paymentHint = (api: string, { leftOpen: { orderId, userId } }: NonNullable<DemoReport["payments"]>): string =>
  `  a payment  curl -X POST -H "Authorization: Bearer $(npm run -s sluice -- token --user ${userId})" \\
               -H 'Idempotency-Key: 1' -H 'Content-Type: application/json' \\
               -d '{"orderId":"${orderId}"}' ${api}/v1/payments
`;

const verifyOptions = (payments: DemoReport["payments"]): string =>
  payments === undefined ? "" : ` --users ${payments.users} --platform ${payments.platformControlUrl}`;
