/** The main job on whatever system it is given: a burst of real requests, payments while the platform is away, and the proof. */
import { mintToken } from "../../api/tokens/token.ts";
import { note, paint } from "../../engine/app/cli.ts";
import { showProgress } from "../../engine/app/progress.ts";
import type { Check } from "../../engine/app/verify/verification.ts";
import { checkCoupons } from "../../ops/verify/check.ts";
import type { CouponFacts } from "../../ops/verify/facts.ts";
import { type BurstProgress, sendBurst, showBurst } from "./client.ts";
import { type PaymentsDemo, type PaymentSystem, runPayments } from "./payments/payments.ts";
import { planBurst } from "./requests.ts";
import { type BurstSummary, summarise } from "./summary.ts";

/** How large the main job is. */
export interface MainJobSize {
  readonly requests: number;
  readonly stock: number;
  /** Clients at once. */
  readonly clients: number;
  /** Orders to pay; 0 leaves payments out. */
  readonly orders: number;
  /** How long the platform is away while they are paid, and is not before and after that. */
  readonly outageMs: number;
  readonly aroundMs: number;
  readonly signal: AbortSignal;
}

/** What the main job came to. */
export interface DemoReport {
  /** What it ran on. */
  readonly system: DemoSystem["kind"];
  readonly couponId: string;
  readonly burst: BurstSummary;
  readonly checks: readonly Check[];
  readonly payments: PaymentsDemo | undefined;
  readonly api: string;
  readonly seconds: number;
}

/** What the main job runs on. */
export interface DemoSystem {
  readonly kind: "stack" | "embedded";
  /** Signs tokens: the development secret, as its processes are started with it. */
  readonly tokenSecret: Uint8Array;
  /** Starts what decides coupons; answers the API's address. */
  readonly startCoupons: () => Promise<string>;
  /** Reads what there is of coupons whose id begins so. */
  readonly readCoupons: (prefix: string) => Promise<CouponFacts>;
  /** Starts what publishes, remembers and delivers payments, and the platform; answers the platform's control address. */
  readonly startPayments: () => Promise<string>;
  readonly payments: PaymentSystem;
}

/** Runs it. `startedAtMs`, by `performance.now()`, is when the seconds of the report began. */
export const runMainJob = async (system: DemoSystem, size: MainJobSize, startedAtMs: number): Promise<DemoReport> => {
  const api = await system.startCoupons();
  // The hour and second make every run's coupon and users its own, so that a stack may see many runs.
  const couponId = `summer-${new Date().toISOString().slice(5, 19).replaceAll(/\D/g, "")}`;
  const site: Site = { api, couponId, secret: system.tokenSecret };
  await openCoupon(site, size.stock);
  const burst = await burstOn(site, size);
  const facts = await system.readCoupons(couponId);
  const payments = size.orders > 0 ? await payOn(site, { system, facts }, size) : undefined;
  const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
  return { system: system.kind, couponId, burst, checks: checkCoupons(facts), payments, api, seconds };
};

/** Says what is done next. */
export const step = (text: string): void => note(`${paint("cyan", ">", process.stderr)} ${text}`);

/** What follows the burst: those who have a coupon use it, others pay without. */
const payOn = async (
  { api, couponId, secret }: Site,
  { system, facts }: { readonly system: DemoSystem; readonly facts: CouponFacts },
  { orders, clients, outageMs, aroundMs, signal }: MainJobSize,
): Promise<PaymentsDemo> => {
  const platformControlUrl = await system.startPayments();
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
  const site = { system: system.payments, api, platformControlUrl, users: couponId, tokenOf, coupons };
  return runPayments(site, { orders, clients: Math.min(clients, payClients), outageMs, aroundMs, signal });
};

/** Connections that pay at once. */
const payClients = 256;

/** Where the burst goes, and the key of its tokens. */
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

const burstOn = async ({ api, couponId, secret }: Site, options: MainJobSize): Promise<BurstSummary> => {
  const { requests, clients, signal } = options;
  step(`${requests} requests from ${clients} clients at once`);
  const asks = planBurst({ couponId, requests, secondAskEvery: 20, unknownEvery: 50 });
  const tokens = new Map(asks.map(({ userId }) => [userId, tokenFor(secret, userId)]));
  const progress: BurstProgress = { sent: 0, accepted: 0, decided: 0 };
  const line = showProgress(() => `  ${showBurst(progress, requests)}`);
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
