/** How many requests one API process accepts: as fast as it can, then at half of that by a schedule that waits for no answer. */
import { Pool } from "undici";
import { mintToken } from "../../../api/tokens/token.ts";
import { quantile } from "../../demo/summary.ts";
import { closedLoop, openLoop } from "./loops.ts";
import { openCoupons } from "./preload.ts";
import type { Stage } from "../stage.ts";

/** One load on the API. */
export interface ApiRun {
  readonly load: string;
  readonly requests: number;
  readonly accepted: number;
  readonly seconds: number;
  readonly acceptedPerSecond: number;
  /** From the moment a request was due, so that a stall counts for every request it delays. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** What the API is asked to bear. */
export interface ApiLoad {
  readonly seconds: number;
  /** Connections; one request in flight on each. */
  readonly clients: number;
  /** Requests a second; undefined sends the next as soon as the last was answered. */
  readonly perSecond: number | undefined;
}

/** Starts an API, opens a coupon that cannot be exhausted, and sends each load in turn. */
export const measureApi = async (
  stage: Stage,
  prefix: string,
  loads: readonly ApiLoad[],
): Promise<readonly ApiRun[]> => {
  const couponId = `${prefix}-api`;
  await openCoupons(stage, { coupons: [{ couponId, stock: 10_000_000 }] });
  const { child, url } = await stage.start("api", { env: { SLUICE_API_USER_RATE: "100000" } });
  try {
    const asker = createAsker(url, couponId, stage.config.tokenSecret);
    // The first seconds of a process are its compiler's: they are not what it bears all day.
    await run(asker, { seconds: 3, clients: 64, perSecond: undefined });
    const runs: ApiRun[] = [];
    for (const load of loads) runs.push(await run(asker, load));
    return runs;
  } finally {
    await child.stop();
  }
};

type Asker = (pool: Pool, n: number) => Promise<boolean>;

/** Tokens are made before they are needed: 2,000 users take turns. */
const createAsker = (
  url: string,
  couponId: string,
  secret: Uint8Array,
): { readonly url: string; readonly ask: Asker } => {
  const tokens = Array.from({ length: 2_000 }, (_, n) =>
    mintToken({ secret, userId: `user-${n}`, ttlMs: 3_600_000, now: Date.now() }),
  );
  const path = `/v1/coupons/${couponId}/reservations`;
  const ask: Asker = async (pool, n) => {
    const headers = { authorization: `Bearer ${tokens[n % tokens.length]}`, "content-type": "application/json" };
    const { statusCode, body } = await pool.request({ method: "POST", path, headers, body: "{}" });
    await body.dump();
    return statusCode === 202;
  };
  return { url, ask };
};

const run = async ({ url, ask }: ReturnType<typeof createAsker>, load: ApiLoad): Promise<ApiRun> => {
  const pool = new Pool(url, { connections: load.clients, pipelining: 1 });
  const latencies: number[] = [];
  let accepted = 0;
  const startedAt = performance.now();
  const one = async (n: number, dueAt: number): Promise<void> => {
    if (await ask(pool, n)) accepted++;
    latencies.push(performance.now() - dueAt);
  };
  try {
    const { seconds, perSecond } = load;
    await (perSecond === undefined
      ? closedLoop(load, startedAt, one)
      : openLoop({ seconds, perSecond }, startedAt, one));
  } finally {
    await pool.close();
  }
  return summary(load, { latencies, accepted, seconds: (performance.now() - startedAt) / 1_000 });
};

const summary = (
  { perSecond, clients }: ApiLoad,
  of: { readonly latencies: number[]; readonly accepted: number; readonly seconds: number },
): ApiRun => {
  const sorted = of.latencies.sort((a, b) => a - b);
  return {
    load: perSecond === undefined ? `${clients} clients, as fast as they can` : `${perSecond} requests/s, open loop`,
    requests: sorted.length,
    accepted: of.accepted,
    seconds: Math.round(of.seconds * 100) / 100,
    acceptedPerSecond: Math.round(of.accepted / of.seconds),
    latencyMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) },
  };
};
