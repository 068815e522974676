/** How many payments one API process makes, beside one transaction a payment, and how fast the relay publishes them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Database, openDatabase } from "../../../stores/mysql/database.ts";
import { paymentAudit } from "../../../stores/mysql/payments/payment-audit.ts";
import { outbox } from "../../../stores/mysql/payments/outbox.ts";
import { note } from "../../../engine/app/cli.ts";
import { alonePayer, apiPayer, type LoadRun, runLoad } from "./payment-load.ts";
import { type OrderKind, openShop, users } from "./payment-shop.ts";
import type { Stage } from "../stage.ts";
import { usageOf } from "../usage.ts";

/** One load of payments through the API. */
export interface PaymentRun extends LoadRun {
  /** User and system time of the API for one payment. */
  readonly apiCpuMicros: number;
  /** Payments a second by those of the baseline with orders of this kind. */
  readonly ratio: number;
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
  /** The same kinds of orders, one transaction a payment. */
  readonly baseline: readonly LoadRun[];
  readonly relay: RelayRun;
}

const usual: OrderKind = { options: 100, lines: 2, coupon: false, payers: users };
const kinds: Readonly<Record<string, OrderKind>> = {
  "two of a hundred options": usual,
  "all the same option": { options: 1, lines: 1, coupon: false, payers: users },
  "five of a hundred options and a coupon": { options: 100, lines: 5, coupon: true, payers: users },
  "one user pays all": { ...usual, payers: 1 },
};

/** How much is measured. */
export interface PaymentSizes {
  /** Orders of each kind. */
  readonly orders: number;
  /** Orders of each kind for the baseline. */
  readonly baselineOrders: number;
  readonly signal: AbortSignal;
}

/** Pays orders of each kind, by the baseline and through the API in turn; then has the relay publish them all. */
export const measurePayments = async (
  stage: Stage,
  prefix: string,
  { orders, baselineOrders, signal }: PaymentSizes,
): Promise<PaymentsReport> => {
  const database = openDatabase({ databaseUrl: stage.config.databaseUrl, statementTimeoutMs: 120_000 });
  const { child, url } = await stage.start("api", { env: { SLUICE_API_USER_RATE: "100000" } });
  const { pay, close } = apiPayer(url, prefix, stage.config.tokenSecret);
  try {
    const shop = await openShop(stage, database, prefix);
    const through = { api: { pay, signal }, single: { pay: alonePayer(database), signal } };
    // The first thousands of payments of a process are its compiler's.
    await runLoad("warm-up", through.single, await shop(500, usual));
    await runLoad("warm-up", through.api, await shop(4_000, usual));
    const runs: PaymentRun[] = [];
    const baseline: LoadRun[] = [];
    for (const [about, kind] of Object.entries(kinds)) {
      note(`payments: ${about}`);
      const single = await runLoad(about, through.single, await shop(baselineOrders, kind));
      const opened = await shop(orders, kind);
      const before = await usageOf(child.pid);
      const run = await runLoad(about, through.api, opened);
      const { cpuSeconds } = await usageOf(child.pid);
      const apiCpuMicros = Math.round(((cpuSeconds - before.cpuSeconds) * 1e6) / orders);
      const ratio = Math.round((run.paidPerSecond / single.paidPerSecond) * 10) / 10;
      runs.push({ ...run, apiCpuMicros, ratio, broken: await brokenIn(database) });
      baseline.push(single);
    }
    return { runs, baseline, relay: await measureRelay(stage, database, signal) };
  } finally {
    await close();
    await child.stop();
    await database.close();
  }
};

const brokenIn = async (database: Database): Promise<readonly string[]> =>
  Object.entries(await paymentAudit(database).books()).flatMap(([what, ids]) =>
    ids.length === 0 ? [] : [`${what}: ${ids.length}`],
  );

/** From the moment the first rows are gone, so that the start of the process does not count. */
const measureRelay = async (stage: Stage, database: Database, signal: AbortSignal): Promise<RelayRun> => {
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
      await sleep(5, undefined, { signal });
    }
  } finally {
    await child.stop();
  }
};
