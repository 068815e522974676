/** The main job: stack up, migrate, apply, API and workers as processes, a burst of real requests, and the proof. */
import { mintToken } from "../../api/token.ts";
import { InterruptedError, note, paint } from "../cli.ts";
import { readConfig } from "../config.ts";
import { applyCoupons } from "../apply.ts";
import { endpointsEnv, type StackEndpoints } from "../stack/endpoints.ts";
import { defaultStackName } from "../stack/layout.ts";
import { stackUp } from "../stack/up.ts";
import { type Check, checkCoupons } from "../verify/check.ts";
import { readFacts } from "../verify/read-facts.ts";
import { type Child, startOnStack } from "../children.ts";
import { type BurstProgress, sendBurst } from "./client.ts";
import { showProgress } from "./progress.ts";
import { planBurst } from "./requests.ts";
import { type BurstSummary, summarise } from "./summary.ts";

/** How large the main job is. */
export interface DemoOptions {
  readonly brokers: number;
  readonly requests: number;
  readonly stock: number;
  /** Clients at once. */
  readonly clients: number;
  readonly workers: number;
  readonly signal: AbortSignal;
}

/** What the main job came to. */
export interface DemoReport {
  readonly couponId: string;
  readonly burst: BurstSummary;
  readonly checks: readonly Check[];
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
  const children: Child[] = [];
  try {
    const api = await startProcesses(endpoints, options, children);
    // The hour and second make every run's coupon its own, so that a stack may see many runs.
    const couponId = `summer-${new Date().toISOString().slice(11, 19).replaceAll(":", "")}`;
    const site: Site = { api, couponId, secret: config.tokenSecret };
    await openCoupon(site, options.stock);
    const burst = await burstOn(site, options);
    const checks = checkCoupons(await readFacts(config, couponId));
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    return { report: { couponId, burst, checks, api, seconds }, children };
  } catch (error) {
    await stopAll(children);
    throw options.signal.aborted ? new InterruptedError("the demo is ended", { cause: error }) : error;
  }
};

/** Ends processes, all at once. */
export const stopAll = async (children: readonly Child[]): Promise<void> => {
  await Promise.all(children.map(({ stop }) => stop()));
};

const bringUp = async ({ brokers, signal }: DemoOptions): Promise<StackEndpoints> => {
  step(`stack ${defaultStackName} with ${brokers} broker(s)`);
  const endpoints = await stackUp({
    brokers,
    signal,
    onProgress: (progress) => progress.kind === "step" && note(`  ${progress.text}`),
  });
  step("migrations, topics and schemas");
  await applyCoupons(configOf(endpoints));
  return endpoints;
};

const configOf = (endpoints: StackEndpoints) => readConfig(endpointsEnv(endpoints), () => "");

/** Starts them side by side; answers the API's address. Whatever started is in `children`, also when one did not. */
const startProcesses = async (
  endpoints: StackEndpoints,
  { workers, signal }: DemoOptions,
  children: Child[],
): Promise<string> => {
  step(`API and ${workers} worker(s), each a process`);
  const start = async (command: "api" | "worker", name: string): Promise<string> => {
    const port = command === "api" ? { preferredPort: 8080 } : {};
    const { child, url } = await startOnStack({
      stackName: defaultStackName,
      endpoints,
      command,
      name,
      signal,
      ...port,
    });
    children.push(child);
    return url;
  };
  const api = start("api", "api");
  const others = Array.from({ length: workers }, (_, n) => start("worker", `worker-${n + 1}`));
  const failed = (await Promise.allSettled([api, ...others])).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return api;
};

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
    () => `  sent ${progress.sent}, accepted ${progress.accepted}, decided ${progress.decided} of ${requests}`,
  );
  const startedAt = performance.now();
  const tokenOf = (userId: string): string => tokens.get(userId) ?? "";
  try {
    const told = await sendBurst(asks, { baseUrl: api, tokenOf, clients, progress, signal });
    signal.throwIfAborted();
    return summarise(told, startedAt);
  } finally {
    line.stop();
  }
};

const step = (text: string): void => note(`${paint("cyan", ">", process.stderr)} ${text}`);
