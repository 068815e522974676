/** The second half of the main job: orders are paid by many clients at once, the platform goes away meanwhile, and the proof. */
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { paymentsCompleted } from "../../../schemas/payment.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import { orderRegister } from "../../../stores/mysql/payments/order-register.ts";
import { outbox } from "../../../stores/mysql/payments/outbox.ts";
import { externalData } from "../../../topology/external-data.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import type { Config } from "../../../ops/config.ts";
import type { Check } from "../../../ops/verify/check.ts";
import { checkPayments } from "../../../ops/verify/payments/check-payments.ts";
import { readPaymentFacts } from "../../../ops/verify/payments/read-payment-facts.ts";
import { checkAnswers } from "./check-answers.ts";
import { type Outage, platformControl, type PlatformControl, takeAway } from "./outage.ts";
import { type AnsweredCase, payAll, type PayProgress } from "./payer.ts";
import { type PaymentsSummary, summarisePayments } from "./payments-summary.ts";
import { type OwnCoupon, type PaymentPlan, planPayments } from "./plan-payments.ts";
import { showProgress } from "../../../engine/app/progress.ts";

/** What paying works on. */
export interface PaymentSite {
  readonly config: Config;
  /** The API's address. */
  readonly api: string;
  /** The stand-in platform's control address. */
  readonly platformControlUrl: string;
  /** Begins the id of every user of this run. */
  readonly users: string;
  readonly tokenOf: (userId: string) => string;
  readonly coupons: readonly OwnCoupon[];
}

/** How much is paid, and for how long the platform is away. */
export interface PaymentSize {
  readonly orders: number;
  readonly clients: number;
  readonly outageMs: number;
  readonly signal: AbortSignal;
}

/** What it came to. */
export interface PaymentsDemo extends PaymentsSummary {
  readonly checks: readonly Check[];
  /** An order that is not paid yet: for a person to try. */
  readonly leftOpen: PaymentPlan["leftOpen"];
  /** For `sluice verify`: whose payments, and whom to ask. */
  readonly users: string;
  readonly platformControlUrl: string;
}

/** Payments before the outage and after it, each. */
const aroundMs = 3_000;
/** Longest wait for relay, history and platform to come to rest. */
const restWithinMs = 60_000;

/** Pays, and checks. @throws Error where relay, history or platform do not come to rest. */
export const runPayments = async (site: PaymentSite, size: PaymentSize): Promise<PaymentsDemo> => {
  const { users, coupons, platformControlUrl } = site;
  const plan = planPayments({ prefix: users, orders: size.orders, coupons });
  await openShop(site, plan);
  const { answered, outage } = await payDuringOutage(site, plan, size);
  await untilRest(site.config, size.signal);
  const facts = await readPaymentFacts(site.config, { users, platformControlUrl });
  const checks = [...checkAnswers(answered, plan, facts.payments), ...checkPayments(facts)];
  const { orderId, userId } = plan.leftOpen;
  const leftOpen = { orderId, userId };
  return { ...summarisePayments(answered, outage), checks, leftOpen, users, platformControlUrl };
};

const openShop = async ({ config }: PaymentSite, { options, deposits, orders }: PaymentPlan): Promise<void> => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 1, poolKeptIdle: 0 });
  try {
    const register = orderRegister(database);
    await register.addOptions(options);
    await register.openAccounts(deposits);
    for (let at = 0; at < orders.length; at += 2_000) await register.openOrders(orders.slice(at, at + 2_000));
  } finally {
    await database.close();
  }
};

type Paid = { readonly answered: readonly AnsweredCase[]; readonly outage: Outage };

const payDuringOutage = async (
  { api, platformControlUrl, tokenOf }: PaymentSite,
  { cases }: PaymentPlan,
  { clients, outageMs, signal }: PaymentSize,
): Promise<Paid> => {
  const platform = platformControl(platformControlUrl);
  const progress: PayProgress = { answered: 0, paid: 0 };
  const attempts = cases.reduce((sum, one) => sum + one.attempts.length, 0);
  const shown = await watchPlatform(platform, signal);
  const line = showProgress(() => {
    const { isAway, delivered } = shown.now();
    const about = isAway ? "AWAY" : "up";
    return `  answered ${progress.answered} of ${attempts}, paid ${progress.paid}; platform ${about}, has ${delivered}`;
  });
  const spreadMs = 2 * aroundMs + outageMs;
  // Where one of them fails the other is ended too.
  const failing = new AbortController();
  const both = AbortSignal.any([signal, failing.signal]);
  const paying = payAll(cases, { baseUrl: api, tokenOf, clients, spreadMs, progress, signal: both });
  const paid = (): number => progress.paid;
  const away = takeAway(platform, { afterMs: aroundMs, forMs: outageMs, paid, signal: both, onChange: shown.change });
  try {
    const [answered, outage] = await Promise.all([paying, away]);
    return { answered, outage };
  } finally {
    failing.abort();
    await Promise.allSettled([paying, away]);
    shown.stop();
    line.stop();
  }
};

/** What the progress line says of the platform: asked now and then, so that it is never waited for. */
const watchPlatform = async (platform: PlatformControl, signal: AbortSignal) => {
  let isAway = false;
  let { payments: delivered } = await platform.report();
  const timer = setInterval(() => {
    if (signal.aborted) return;
    platform.report().then(
      ({ payments }) => {
        delivered = payments;
      },
      // The line says what was known last.
      () => {},
    );
  }, 250);
  return {
    now: () => ({ isAway, delivered }),
    change: (away: boolean) => {
      isAway = away;
    },
    stop: () => clearInterval(timer),
  };
};

/** Waits until the outbox is published and both groups have come to the topic's end. */
const untilRest = async (config: Config, signal: AbortSignal): Promise<void> => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 1, poolKeptIdle: 0 });
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-demo" });
  const { name } = paymentsCompleted;
  const groups = [transactionHistory, externalData].map(({ graph }) => `${config.groupPrefix}.${graph.name}`);
  const openRows = async (): Promise<string | undefined> => {
    const { rows } = await outbox(database).lag();
    if (rows > 0) return `${rows} rows of the outbox are not published`;
    const ends = await admin.endOffsets(name);
    for (const group of groups) {
      const committed = await admin.committedOffsets(group, name);
      const open = ends.reduce((sum, end, at) => sum + end - (committed[at] ?? 0n), 0n);
      if (open > 0n) return `${group} is ${open} records behind`;
    }
    return undefined;
  };
  try {
    for (const deadline = performance.now() + restWithinMs; ; await sleep(100, undefined, { signal })) {
      const open = await openRows();
      if (open === undefined) return;
      if (performance.now() > deadline) throw new Error(`after ${restWithinMs / 1_000} s, ${open}`);
    }
  } finally {
    await admin.close();
    await database.close();
  }
};
