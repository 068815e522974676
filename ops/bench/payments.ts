/** How many payments one API process makes, beside one transaction a payment, and how fast the relay tells the log of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Database, openDatabase } from "../../stores/mysql/database.ts";
import { auditPayments } from "../../stores/mysql/payment-audit.ts";
import { outbox } from "../../stores/mysql/outbox.ts";
import { note } from "../cli.ts";
import { alonePayer, apiPayer, type LoadRun, runLoad } from "./payment-load.ts";
import { type OrderKind, openShop, type Shop, users } from "./payment-shop.ts";
import type { Stage } from "./stage.ts";
import { usageOf } from "./usage.ts";

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

const kinds: Readonly<Record<string, OrderKind>> = {
  "two of a hundred options": { options: 100, lines: 2, coupon: false, payers: users },
  "all the same option": { options: 1, lines: 1, coupon: false, payers: users },
  "five of a hundred options and a coupon": { options: 100, lines: 5, coupon: true, payers: users },
  "one user pays all": { options: 100, lines: 2, coupon: false, payers: 1 },
};

/** How much is measured. */
export interface PaymentSizes {
  /** Orders of each kind. */
  readonly orders: number;
  /** Orders of each kind for the baseline. */
  readonly baselineOrders: number;
}

/** Pays orders of each kind, by the baseline and through the API in turn; then has the relay publish them all. */
export const measurePayments = async (
  stage: Stage,
  prefix: string,
  { orders, baselineOrders }: PaymentSizes,
): Promise<PaymentsReport> => {
  const database = openDatabase({ databaseUrl: stage.config.databaseUrl, statementTimeoutMs: 120_000 });
  const { child, url } = await stage.start("api");
  const { pay, close } = apiPayer(url, prefix, stage.config.tokenSecret);
  try {
    const shop = await openShop(stage, database, prefix);
    await warmUp({ shop, database, pay });
    const runs: PaymentRun[] = [];
    const baseline: LoadRun[] = [];
    for (const [about, kind] of Object.entries(kinds)) {
      note(`payments: ${about}`);
      const alone = await runLoad(about, alonePayer(database), await shop(baselineOrders, kind));
      const opened = await shop(orders, kind);
      const before = await usageOf(child.pid);
      const run = await runLoad(about, pay, opened);
      const { cpuSeconds } = await usageOf(child.pid);
      const apiCpuMicros = Math.round(((cpuSeconds - before.cpuSeconds) * 1e6) / orders);
      const ratio = Math.round((run.paidPerSecond / alone.paidPerSecond) * 10) / 10;
      runs.push({ ...run, apiCpuMicros, ratio, broken: await brokenIn(database) });
      baseline.push(alone);
    }
    return { runs, baseline, relay: await measureRelay(stage, database) };
  } finally {
    await close();
    await child.stop();
    await database.close();
  }
};

/** The first thousands of payments of a process are its compiler's. */
const warmUp = async (of: {
  readonly shop: Shop;
  readonly database: Database;
  readonly pay: Parameters<typeof runLoad>[1];
}): Promise<void> => {
  const kind = { options: 100, lines: 2, coupon: false, payers: users };
  await runLoad("warm-up", alonePayer(of.database), await of.shop(500, kind));
  await runLoad("warm-up", of.pay, await of.shop(4_000, kind));
};

const brokenIn = async (database: Database): Promise<readonly string[]> => {
  const { payments: _payments, unpublished: _unpublished, ...off } = await auditPayments(database);
  return Object.entries(off).flatMap(([what, rows]) => (rows === 0 ? [] : [`${what}: ${rows}`]));
};

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
