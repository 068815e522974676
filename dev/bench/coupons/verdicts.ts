/** How long it takes until a client knows its verdict, by requests a second, and what processes need for it, also for none. */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { mintToken } from "../../../api/tokens/token.ts";
import type { StackChild } from "../../children.ts";
import { quantile } from "../../demo/summary.ts";
import type { Stage } from "../stage.ts";
import { usageOf } from "../usage.ts";
import { collectGarbage } from "../collect-garbage.ts";
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

/**
 * What comes first: the first seconds of a process are its compiler's, and not what it needs all day. The broker's goes on longest:
 * seen 2026-11-28, 40 % of two cores for up to a quarter of a second at a time, in which nobody's verdict came in time.
 */
const warmUp: Schedule = { seconds: 30, perSecond: 1_000 };

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
      // No bound of connections: a client that waits for its verdict must not keep the next from being sent when it is due.
      const agent = new Agent({ pipelining: 1 });
      try {
        return await runAll({ api, worker, couponId, secret: stage.config.tokenSecret, agent }, { loads, shares });
      } finally {
        await agent.close();
      }
    } finally {
      await worker.child.stop();
    }
  } finally {
    await api.child.stop();
  }
};

const runAll = async (shop: Shop, { loads, shares }: VerdictLoads): Promise<readonly VerdictRun[]> => {
  await run(shop, warmUp);
  const runs: VerdictRun[] = [];
  const full = shares.length > 0 ? await fullLoad(shop) : 0;
  for (const share of shares)
    runs.push({ share, ...(await run(shop, { seconds: 10, perSecond: Math.round(share * full) })) });
  for (const load of loads) runs.push(await run(shop, load));
  return runs;
};

interface Shop {
  readonly agent: Agent;
  readonly api: StackChild;
  readonly worker: StackChild;
  readonly couponId: string;
  readonly secret: Uint8Array;
}

/** Seconds of a load that are no part of its latency: connections are opened and what came before is left behind. CPU has them. */
const leadInSeconds = 1;

const run = async (shop: Shop, load: Schedule): Promise<VerdictRun> => {
  const { api, worker } = shop;
  const requests = load.seconds * load.perSecond;
  const leadIn = leadInSeconds * load.perSecond;
  const tokens = Array.from({ length: leadIn + requests }, () => tokenOf(shop));
  const [accepted, decided]: [number[], number[]] = [[], []];
  let issued = 0;
  collectGarbage();
  const [before, startedAt] = [await needsOf(worker, api), performance.now()];
  await openLoop({ ...load, seconds: leadInSeconds + load.seconds }, startedAt, async (n, dueAt) => {
    let acceptedAt = dueAt;
    const isOurs = await ask(shop, tokens[n] ?? "", () => {
      acceptedAt = performance.now();
    });
    if (n < leadIn) return;
    if (isOurs) issued++;
    accepted.push(acceptedAt - dueAt);
    decided.push(performance.now() - dueAt);
  });
  if (requests === 0) await sleep(load.seconds * 1_000);
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
  let decided = 0;
  await closedLoop(fullLoadOf, performance.now(), async () => {
    if (await ask(shop, tokenOf(shop), () => undefined)) decided++;
  });
  return decided / fullLoadOf.seconds;
};

/** One request and the wait for its verdict; answers whether it got its coupon. */
const ask = async (shop: Shop, token: string, onAnswer: () => void): Promise<boolean> => {
  const { agent } = shop;
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
