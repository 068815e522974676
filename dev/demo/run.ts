/** The main job on a real stack: stack up, migrate, apply, and our processes. */
import { applyApp } from "../../engine/app/apply.ts";
import { note } from "../../engine/app/cli.ts";
import { readConfig } from "../../ops/config.ts";
import { readFacts } from "../../ops/verify/read-facts.ts";
import { app } from "../../sluice.config.ts";
import { type Child, type StackChild, type StackChildPlan, startOnStack } from "../children.ts";
import { paymentsPath } from "../platform/servers.ts";
import { endpointsEnv, type StackEndpoints } from "../stack/endpoints.ts";
import { defaultStackName } from "../stack/layout.ts";
import { stackUp } from "../stack/up.ts";
import { untilScraped } from "../stack/watch/until-scraped.ts";
import { consoleName, consoleOf } from "./console.ts";
import { type DemoReport, type DemoSystem, type MainJobSize, runMainJob, step } from "./main-job.ts";
import { stackPayments } from "./payments/stack-payments.ts";

/** How large the main job is, and what it runs on. */
export interface DemoOptions extends MainJobSize {
  /** Whether Prometheus and exporters watch it, as far as they are installed. */
  readonly watch: boolean;
  /** Whether the console runs beside it, from before the burst on. */
  readonly console: boolean;
  readonly brokers: number;
  readonly workers: number;
}

/** A main job that has run; its processes are still up. */
export interface Demo {
  readonly report: DemoReport;
  readonly children: readonly Child[];
}

/** Runs the main job. Whatever it started has ended when it throws. */
export const runDemo = async (options: DemoOptions): Promise<Demo> => {
  const startedAtMs = performance.now();
  const endpoints = await bringUp(options);
  const crew = createCrew(endpoints, options);
  try {
    if (options.console) await showConsole(crew);
    const report = await runMainJob(stackSystem(endpoints, crew, options), options, startedAtMs);
    if (options.watch) await watchOver(crew);
    return { report, children: crew.children };
  } catch (error) {
    await stopAll(crew.children);
    throw options.signal.aborted ? options.signal.reason : error;
  }
};

/** Ends processes, all at once. */
export const stopAll = async (children: readonly Child[]): Promise<void> => {
  await Promise.all(children.map(({ stop }) => stop()));
};

const bringUp = async ({ brokers, watch, signal }: DemoOptions): Promise<StackEndpoints> => {
  step(`stack ${defaultStackName} with ${brokers} broker(s)`);
  const endpoints = await stackUp({
    brokers,
    watch,
    signal,
    onProgress: (progress) => progress.kind === "step" && note(`  ${progress.text}`),
  });
  step("migrations, topics and schemas");
  await applyApp(app, configOf(endpoints));
  return endpoints;
};

const configOf = (endpoints: StackEndpoints) => readConfig(endpointsEnv(endpoints), () => "");

type Member = Pick<StackChildPlan, "command" | "args" | "name" | "preferredPort" | "env">;

/** Our processes of this run. */
interface Crew {
  /** Whatever started, also when others did not. */
  readonly children: readonly Child[];
  /** Starts them side by side; answers each in order. @throws CliError with the first that does not become ready. */
  readonly start: <const Members extends readonly Member[]>(
    members: Members,
  ) => Promise<{ readonly [At in keyof Members]: StackChild }>;
}

const createCrew = (endpoints: StackEndpoints, { signal }: DemoOptions): Crew => {
  const children: Child[] = [];
  const startOne = async (member: Member): Promise<StackChild> => {
    const started = await startOnStack({ stackName: defaultStackName, endpoints, signal, ...member });
    children.push(started.child);
    return started;
  };
  return {
    children,
    start: async (members) => {
      const settled = await Promise.allSettled(members.map(startOne));
      const failed = settled.find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      // Erasure: one for each member, in order, and none of them was rejected.
      return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])) as never;
    },
  };
};

/** Before anything else of ours, so that the burst is seen from its first request on. */
const showConsole = async (crew: Crew): Promise<void> => {
  step("the console, to look at it from now on");
  await crew.start([{ command: "console", name: consoleName, preferredPort: 8_095 }]);
  note(`  ${await consoleOf(crew.children)}`);
};

/** What Prometheus has violations and dead letters from. After the load: it reads everything first. */
const watchOver = async (crew: Crew): Promise<void> => {
  step("verify, which looks all the time from now on");
  await crew.start([{ command: "verify", name: "verify", args: ["--watch"] }]);
};

/** Else a burst of a few seconds would be over before Prometheus has seen its beginning, and be in no rate. */
const beScraped = async (signal: AbortSignal): Promise<void> => {
  step("a first scrape of each, so that all of it is seen");
  if (!(await untilScraped(signal))) note("  not all were scraped: the panels of rates may miss it");
};

const stackSystem = (endpoints: StackEndpoints, crew: Crew, { workers, watch, signal }: DemoOptions): DemoSystem => {
  const config = configOf(endpoints);
  return {
    kind: "stack",
    tokenSecret: config.tokenSecret,
    startCoupons: async () => {
      step(`API and ${workers} worker(s), each a process`);
      const plans = Array.from(
        { length: workers },
        (_, n) => ({ command: "worker", name: `worker-${n + 1}` }) as const,
      );
      const [api] = await crew.start([{ command: "api", name: "api", preferredPort: 8080 }, ...plans]);
      if (watch) await beScraped(signal);
      return api.url;
    },
    readCoupons: (prefix) => readFacts(config, prefix),
    startPayments: async () => {
      const url = await startPayments(crew);
      if (watch) await beScraped(signal);
      return url;
    },
    payments: stackPayments(config),
  };
};

const startPayments = async (crew: Crew): Promise<string> => {
  step("platform, two relays, and a worker each for history and platform");
  const [platform] = await crew.start([{ command: "platform", name: "platform", preferredPort: 8090 }]);
  await crew.start([
    { command: "relay", name: "relay-1" },
    { command: "relay", name: "relay-2" },
    { command: "worker", args: ["--topology", "transaction-history"], name: "history" },
    {
      command: "worker",
      args: ["--topology", "external-data"],
      name: "external",
      env: { SLUICE_PLATFORM_URL: `${platform.url}${paymentsPath}` },
    },
  ]);
  return platform.healthUrl;
};
