/** The main job: stack up, migrate, apply, our processes, a burst of real requests, payments, and the proof. */
import { mintToken } from "../../api/tokens/token.ts";
import { note, paint } from "../../engine/app/cli.ts";
import { type Config, readConfig } from "../../ops/config.ts";
import { applyApp } from "../../engine/app/apply.ts";
import { app } from "../../sluice.config.ts";
import { endpointsEnv, type StackEndpoints } from "../stack/endpoints.ts";
import { defaultStackName } from "../stack/layout.ts";
import { stackUp } from "../stack/up.ts";
import { type Check, checkCoupons } from "../../ops/verify/check.ts";
import { readFacts } from "../../ops/verify/read-facts.ts";
import type { CouponFacts } from "../../ops/verify/facts.ts";
import { type Child, type StackChild, type StackChildPlan, startOnStack } from "../children.ts";
import { paymentsPath } from "../platform/servers.ts";
import { type BurstProgress, sendBurst } from "./client.ts";
import { type PaymentsDemo, runPayments } from "./payments/payments.ts";
import { showProgress } from "../../engine/app/progress.ts";
import { planBurst } from "./requests.ts";
import { type BurstSummary, summarise } from "./summary.ts";

/** How large the main job is. */
export interface DemoOptions {
  /** Whether Prometheus and exporters watch it, as far as they are installed. */
  readonly watch: boolean;
  readonly brokers: number;
  readonly requests: number;
  readonly stock: number;
  /** Clients at once. */
  readonly clients: number;
  readonly workers: number;
  /** Orders to pay; 0 leaves payments out. */
  readonly orders: number;
  /** How long the platform is away while they are paid. */
  readonly outageMs: number;
  readonly signal: AbortSignal;
}

/** What the main job came to. */
export interface DemoReport {
  readonly couponId: string;
  readonly burst: BurstSummary;
  readonly checks: readonly Check[];
  readonly payments: PaymentsDemo | undefined;
  readonly api: string;
  readonly seconds: number;
}

/** A main job that has run; its processes are still up. */
export interface Demo {
  readonly report: DemoReport;
  readonly children: readonly Child[];
}

/** Runs the main job. Whatever it started has ended when it throws. */
export const runDemo = async (options: DemoOptions): Promise<Demo> => {
  const startedAt = performance.now();
  const endpoints = await bringUp(options);
  const config = configOf(endpoints);
  const crew = createCrew(endpoints, options);
  try {
    step(`API and ${options.workers} worker(s), each a process`);
    const workers = Array.from(
      { length: options.workers },
      (_, n) => ({ command: "worker", name: `worker-${n + 1}` }) as const,
    );
    const [api] = await crew.start([{ command: "api", name: "api", preferredPort: 8080 }, ...workers]);
    // The hour and second make every run's coupon and users its own, so that a stack may see many runs.
    const couponId = `summer-${new Date().toISOString().slice(5, 19).replaceAll(/\D/g, "")}`;
    const site: Site = { api: api.url, couponId, secret: config.tokenSecret };
    await openCoupon(site, options.stock);
    const burst = await burstOn(site, options);
    const facts = await readFacts(config, couponId);
    const payments = options.orders > 0 ? await payOn(site, { crew, config, facts }, options) : undefined;
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    if (options.watch) await watchOver(crew);
    const report = { couponId, burst, checks: checkCoupons(facts), payments, api: api.url, seconds };
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

/** What Prometheus has violations and dead letters from. After the load: it reads everything first. */
const watchOver = async (crew: Crew): Promise<void> => {
  step("verify, which looks all the time from now on");
  await crew.start([{ command: "verify", name: "verify", args: ["--watch"] }]);
};

/** What follows the burst: those who have a coupon use it, others pay without. */
const payOn = async (
  { api, couponId, secret }: Site,
  { crew, config, facts }: { readonly crew: Crew; readonly config: Config; readonly facts: CouponFacts },
  { orders, clients, outageMs, signal }: DemoOptions,
): Promise<PaymentsDemo> => {
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
  step(`${orders} orders are paid, and the platform is down for ${outageMs / 1_000} s meanwhile`);
  const tokens = new Map<string, string>();
  const tokenOf = (userId: string): string => {
    const token = tokens.get(userId) ?? tokenFor(secret, userId);
    tokens.set(userId, token);
    return token;
  };
  const coupons = [...facts.issued].flatMap(([reservationId, row]) =>
    row.kind === "issued" ? [{ userId: row.userId, reservationId }] : [],
  );
  const site = { config, api, platformControlUrl: platform.healthUrl, users: couponId, tokenOf, coupons };
  return runPayments(site, { orders, clients: Math.min(clients, payClients), outageMs, signal });
};

/** Connections that pay at once. */
const payClients = 256;

/** Where the burst goes, and the key of its tokens: the development secret, as the processes are started with it. */
interface Site {
  readonly api: string;
  readonly couponId: string;
  readonly secret: Uint8Array;
}

const dayMs = 86_400_000;
const tokenFor = (secret: Uint8Array, userId: string, role?: string): string => {
  const wish = { secret, userId, ttlMs: dayMs, now: Date.now() };
  return mintToken(role === undefined ? wish : { ...wish, role });
};

const openCoupon = async ({ api, couponId, secret }: Site, stock: number): Promise<void> => {
  step(`coupon ${couponId} with ${stock} units`);
  const response = await fetch(`${api}/v1/admin/coupons`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${tokenFor(secret, "demo-admin", "admin")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      couponId,
      policyId: "summer-2026",
      stock,
      validForDays: 30,
      policy: { name: "Summer", discount: { kind: "percent", percent: 10, maxAmount: 5_000 }, minOrderAmount: 10_000 },
    }),
  });
  if (response.status !== 201)
    throw new Error(`opening ${couponId} answered ${response.status}: ${await response.text()}`);
};

const burstOn = async ({ api, couponId, secret }: Site, options: DemoOptions): Promise<BurstSummary> => {
  const { requests, clients, signal } = options;
  step(`${requests} requests from ${clients} clients at once`);
  const asks = planBurst({ couponId, requests, secondAskEvery: 20, unknownEvery: 50 });
  const tokens = new Map(asks.map(({ userId }) => [userId, tokenFor(secret, userId)]));
  const progress: BurstProgress = { sent: 0, accepted: 0, decided: 0 };
  const line = showProgress(
    () =>
      `  sent ${progress.sent}, accepted ${progress.accepted}, decided ${progress.decided} of ${requests}` +
      (progress.before === undefined ? "" : `; one who follows has ${progress.before} before it`),
  );
  const startedAt = performance.now();
  const tokenOf = (userId: string): string => tokens.get(userId) ?? "";
  try {
    const replies = await sendBurst(asks, { baseUrl: api, tokenOf, clients, progress, signal });
    signal.throwIfAborted();
    return summarise(replies, startedAt, progress.told);
  } finally {
    line.stop();
  }
};

const step = (text: string): void => note(`${paint("cyan", ">", process.stderr)} ${text}`);
