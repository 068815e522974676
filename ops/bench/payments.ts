/** How many payments one API process makes, and how fast the relay tells the log of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { v7 } from "uuid";
import { mintToken } from "../../api/token.ts";
import type { OptionId, Order } from "../../processors/payment-ports.ts";
import type { UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId } from "../../schemas/payment.ts";
import { type Database, openDatabase } from "../../stores/mysql/database.ts";
import { orderRegister } from "../../stores/mysql/order-register.ts";
import { paymentAudit } from "../../stores/mysql/payment-audit.ts";
import { outbox } from "../../stores/mysql/outbox.ts";
import { quantile } from "../demo/summary.ts";
import type { Stage } from "./stage.ts";
import { usageOf } from "./usage.ts";

/** One load of payments. */
export interface PaymentRun {
  readonly load: string;
  readonly orders: number;
  /** Answered 201. */
  readonly paid: number;
  readonly seconds: number;
  readonly paidPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** User and system time of the API for one payment. */
  readonly apiCpuMicros: number;
  /** What did not add up afterwards. */
  readonly broken: readonly string[];
}

/** A backlog of the outbox, published. */
export interface RelayRun {
  readonly rows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
}

/** What payments came to. */
export interface PaymentsReport {
  readonly runs: readonly PaymentRun[];
  readonly relay: RelayRun;
}

const users = 2_000;
const clients = 128;
const loads = { 100: "two of a hundred options", 1: "all the same option" } as const;

/** Pays `orders` orders of a hundred options, and as many of one; then has the relay publish them all. */
export const measurePayments = async (stage: Stage, prefix: string, orders: number): Promise<PaymentsReport> => {
  const database = openDatabase({ databaseUrl: stage.config.databaseUrl, statementTimeoutMs: 120_000 });
  const { child, url } = await stage.start("api");
  try {
    const pay = createPayer(url, prefix, stage.config.tokenSecret);
    const shop = await openShop(database, prefix);
    await load("warm-up", pay, await shop(Math.ceil(orders / 10), 100));
    const runs: PaymentRun[] = [];
    for (const options of [100, 1] as const) {
      const opened = await shop(orders, options);
      const before = await usageOf(child.pid);
      const run = await load(`${clients} clients, ${loads[options]}`, pay, opened);
      const { cpuSeconds } = await usageOf(child.pid);
      const apiCpuMicros = Math.round(((cpuSeconds - before.cpuSeconds) * 1e6) / orders);
      runs.push({ ...run, apiCpuMicros, broken: await brokenIn(database) });
    }
    return { runs, relay: await measureRelay(stage, database) };
  } finally {
    await child.stop();
    await database.close();
  }
};

const openShop = async (database: Database, prefix: string) => {
  const register = orderRegister(database);
  const optionId = (n: number): OptionId => `${prefix}-option-${n}` as OptionId;
  const userId = (n: number): UserId => `${prefix}-user-${n}` as UserId;
  await register.addOptions(Array.from({ length: 100 }, (_, n) => ({ optionId: optionId(n), stock: 100_000_000 })));
  const amount = 1_000_000_000_000 as Won;
  await register.openAccounts(Array.from({ length: users }, (_, n) => ({ userId: userId(n), amount })));
  return async (count: number, options: number): Promise<readonly Order[]> => {
    const orders = Array.from({ length: count }, (_, n) => ({
      orderId: v7() as OrderId,
      userId: userId(n % users),
      // Two lines where there are options enough.
      items: [...new Set([n % options, (n * 7 + 1) % options])].map((option) => ({
        optionId: optionId(option),
        quantity: 2,
        unitPrice: 1_000 as Won,
      })),
      coupons: [],
    }));
    for (let at = 0; at < count; at += 2_000) await register.openOrders(orders.slice(at, at + 2_000));
    return orders;
  };
};

type Payer = { readonly url: string; readonly ask: (pool: Pool, order: Order) => Promise<boolean> };

const createPayer = (url: string, prefix: string, secret: Uint8Array): Payer => {
  const tokens = new Map(
    Array.from({ length: users }, (_, n) => {
      const userId = `${prefix}-user-${n}`;
      return [userId, mintToken({ secret, userId, ttlMs: 3_600_000, now: Date.now() })];
    }),
  );
  const ask = async (pool: Pool, { orderId, userId }: Order): Promise<boolean> => {
    const { statusCode, body } = await pool.request({
      method: "POST",
      path: "/v1/payments",
      headers: {
        authorization: `Bearer ${tokens.get(userId)}`,
        "content-type": "application/json",
        "idempotency-key": orderId,
      },
      body: JSON.stringify({ orderId }),
    });
    await body.dump();
    return statusCode === 201;
  };
  return { url, ask };
};

const load = async (about: string, { url, ask }: Payer, orders: readonly Order[]) => {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  const latencies: number[] = [];
  const left = orders.values();
  let paid = 0;
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    for (const order of left) {
      const sentAt = performance.now();
      if (await ask(pool, order)) paid++;
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - startedAt) / 1_000;
  await pool.close();
  const sorted = latencies.sort((a, b) => a - b);
  return {
    load: about,
    orders: orders.length,
    paid,
    seconds: Math.round(seconds * 100) / 100,
    paidPerSecond: Math.round(paid / seconds),
    latencyMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) },
  };
};

const brokenIn = async (database: Database): Promise<readonly string[]> =>
  Object.entries(await paymentAudit(database).books()).flatMap(([what, ids]) =>
    ids.length === 0 ? [] : [`${what}: ${ids.length}`],
  );

/** From the moment the first rows are gone, so that the start of the process does not count. */
const measureRelay = async (stage: Stage, database: Database): Promise<RelayRun> => {
  const { lag } = outbox(database);
  const before = (await lag()).rows;
  const { child } = await stage.start("relay");
  try {
    let first: { readonly rows: number; readonly at: number } | undefined;
    for (;;) {
      const { rows } = await lag();
      const at = performance.now();
      if (rows < before) first ??= { rows, at };
      if (rows === 0 && first !== undefined) {
        const seconds = Math.max(0.001, (at - first.at) / 1_000);
        return {
          rows: first.rows,
          seconds: Math.round(seconds * 1_000) / 1_000,
          rowsPerSecond: Math.round(first.rows / seconds),
        };
      }
      await sleep(5);
    }
  } finally {
    await child.stop();
  }
};
