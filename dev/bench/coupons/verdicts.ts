/** How long it takes until a client knows its verdict, by requests a second, and what processes need for it, also for none. */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { mintToken } from "../../../api/tokens/token.ts";
import type { StackChild } from "../../children.ts";
import { quantile } from "../../demo/summary.ts";
import type { Stage } from "../stage.ts";
import { usageOf } from "../usage.ts";
import { closedLoop, openLoop, type Schedule } from "./loops.ts";
import { openCoupons } from "./preload.ts";

/** One load, with one API and one worker. */
export interface VerdictRun {
  /** 0: nobody asks. */
  readonly perSecond: number;
  /** Of the full load, where it was measured as a part of that. */
  readonly share?: number;
  readonly requests: number;
  /** Of them, those that got their coupon. */
  readonly issued: number;
  /** Until the request was accepted; from the moment it was due, as the next one. */
  readonly acceptedMs: { readonly p50: number; readonly p99: number };
  /** Until the client, which waits by long poll, knew its verdict. */
  readonly verdictMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Of one core. */
  readonly cpuPercent: { readonly worker: number; readonly api: number };
  readonly roundsPerSecond: number;
  /** Of the worker; 0 where there was none. */
  readonly cpuMsARound: number;
}

/** What is asked for in turn. */
export interface VerdictLoads {
  readonly loads: readonly Schedule[];
  /** Parts of what the two can do when as many clients as they like ask again at once, above 0 and below 1. */
  readonly shares: readonly number[];
}

/** Starts an API and a worker, and sends each load in turn on one hot coupon; a schedule of none looks at them idle. */
export const measureVerdicts = async (
  stage: Stage,
  prefix: string,
  { loads, shares }: VerdictLoads,
): Promise<readonly VerdictRun[]> => {
  const couponId = `${prefix}-verdicts`;
  await openCoupons(stage, { coupons: [{ couponId, stock: 10_000_000 }] });
  const api = await stage.start("api");
  try {
    const worker = await stage.start("worker");
    try {
      const shop = { api, worker, couponId, secret: stage.config.tokenSecret };
      // The first seconds of a process are its compiler's: they are not what it needs all day.
      await run(shop, { seconds: 10, perSecond: 500 });
      const runs: VerdictRun[] = [];
      const full = shares.length > 0 ? await fullLoad(shop) : 0;
      for (const share of shares)
        runs.push({ share, ...(await run(shop, { seconds: 10, perSecond: Math.round(share * full) })) });
      for (const load of loads) runs.push(await run(shop, load));
      return runs;
    } finally {
      await worker.child.stop();
    }
  } finally {
    await api.child.stop();
  }
};

interface Shop {
  readonly api: StackChild;
  readonly worker: StackChild;
  readonly couponId: string;
  readonly secret: Uint8Array;
}

const run = async (shop: Shop, load: Schedule): Promise<VerdictRun> => {
  const { api, worker } = shop;
  // No bound of connections: a client that waits for its verdict must not keep the next from being sent when it is due.
  const agent = new Agent({ pipelining: 1 });
  const requests = load.seconds * load.perSecond;
  const tokens = Array.from({ length: requests }, () => tokenOf(shop));
  const [accepted, decided]: [number[], number[]] = [[], []];
  let issued = 0;
  const [before, startedAt] = [await needsOf(worker, api), performance.now()];
  try {
    await openLoop(load, startedAt, async (n, dueAt) => {
      const isOurs = await ask(agent, shop, tokens[n] ?? "", () => accepted.push(performance.now() - dueAt));
      if (isOurs) issued++;
      decided.push(performance.now() - dueAt);
    });
    if (requests === 0) await sleep(load.seconds * 1_000);
  } finally {
    await agent.close();
  }
  const [after, seconds] = [await needsOf(worker, api), (performance.now() - startedAt) / 1_000];
  const rounds = after.rounds - before.rounds;
  const workerSeconds = after.workerSeconds - before.workerSeconds;
  const percent = (cpuSeconds: number): number => Math.round((cpuSeconds / seconds) * 1_000) / 10;
  return {
    ...{ perSecond: load.perSecond, requests, issued, acceptedMs: quantiles(accepted), verdictMs: quantiles(decided) },
    cpuPercent: { worker: percent(workerSeconds), api: percent(after.apiSeconds - before.apiSeconds) },
    roundsPerSecond: Math.round(rounds / seconds),
    cpuMsARound: rounds === 0 ? 0 : Math.round((workerSeconds / rounds) * 1e5) / 100,
  };
};

/** Clients at once, and for how long, s: more clients have no more verdicts a second, they wait longer for them. */
const fullLoadOf = { clients: 256, seconds: 10 } as const;

/** How many verdicts a second clients get who ask again at once; each is another user every time. */
const fullLoad = async (shop: Shop): Promise<number> => {
  const agent = new Agent({ pipelining: 1 });
  let decided = 0;
  try {
    await closedLoop(fullLoadOf, performance.now(), async () => {
      if (await ask(agent, shop, tokenOf(shop), () => undefined)) decided++;
    });
    return decided / fullLoadOf.seconds;
  } finally {
    await agent.close();
  }
};

/** One request and the wait for its verdict; answers whether it got its coupon. */
const ask = async (agent: Agent, shop: Shop, token: string, onAnswer: () => void): Promise<boolean> => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const path = await acceptedAs(agent, shop, headers);
  onAnswer();
  return path !== undefined && (await isIssued(agent, `${shop.api.url}${path}`, headers));
};

let users = 0;
const tokenOf = ({ secret }: Shop): string =>
  mintToken({ secret, userId: `verdict-user-${users++}`, ttlMs: 3_600_000, now: Date.now() });

type Headers = Readonly<Record<string, string>>;

/** The path of the reservation; undefined where it was not accepted. */
const acceptedAs = async (agent: Agent, { api, couponId }: Shop, headers: Headers): Promise<string | undefined> => {
  const path = `/v1/coupons/${couponId}/reservations`;
  const answer = await agent.request({ origin: api.url, path, method: "POST", headers, body: "{}" });
  await answer.body.dump();
  const { location } = answer.headers;
  return answer.statusCode === 202 && typeof location === "string" ? location : undefined;
};

/** Waits for the verdict as the demo's clients do; false where it is another, or there was none within half a minute. */
const isIssued = async (agent: Agent, url: string, headers: Headers): Promise<boolean> => {
  const { origin, pathname } = new URL(url);
  for (let polls = 0; polls < 3; polls++) {
    const answer = await agent.request({ origin, path: `${pathname}?waitMs=10000`, method: "GET", headers });
    // Our own API's answer.
    const body = (await answer.body.json()) as { readonly status?: unknown };
    if (body.status !== "pending") return body.status === "issued";
  }
  return false;
};

const quantiles = (times: readonly number[]) => {
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) };
};

/** CPU of both so far, and rounds of the worker. */
const needsOf = async (worker: StackChild, api: StackChild) => {
  const [own, other, metrics] = await Promise.all([
    usageOf(worker.child.pid),
    usageOf(api.child.pid),
    fetch(`${worker.healthUrl}/metrics`).then((response) => response.text()),
  ]);
  const counts = [...metrics.matchAll(/^sluice_round_seconds_count\{[^}]*\} (\d+)$/gm)];
  const rounds = counts.reduce((sum, [, count]) => sum + Number(count), 0);
  return { workerSeconds: own.cpuSeconds, apiSeconds: other.cpuSeconds, rounds };
};
