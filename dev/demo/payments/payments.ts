/** The second half of the main job: orders are paid by many clients at once, the platform goes away meanwhile, and the proof. */
import type { Check } from "../../../engine/app/verify/verification.ts";
import { checkPayments } from "../../../ops/verify/payments/check-payments.ts";
import type { PaymentFacts } from "../../../ops/verify/payments/payment-facts.ts";
import type { PaymentScope } from "../../../ops/verify/payments/read-payment-facts.ts";
import { checkAnswers } from "./check-answers.ts";
import { type Outage, platformControl, type PlatformControl, takeAway } from "./outage.ts";
import { type AnsweredCase, payAll, type PayProgress } from "./payer.ts";
import { type PaymentsSummary, summarisePayments } from "./payments-summary.ts";
import { type OwnCoupon, type PaymentPlan, planPayments } from "./plan-payments.ts";
import { showProgress } from "../../../engine/app/progress.ts";

/** Where orders are opened, and what became of payments is read. */
export interface PaymentSystem {
  /** Opens options, accounts and orders, before anybody pays. */
  readonly openShop: (plan: PaymentPlan) => Promise<void>;
  /** Resolves when the outbox is published and both groups have come to the topic's end. @throws Error where that takes too long */
  readonly untilRest: (signal: AbortSignal) => Promise<void>;
  readonly readPayments: (scope: PaymentScope) => Promise<PaymentFacts>;
}

/** What paying works on. */
export interface PaymentSite {
  readonly system: PaymentSystem;
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
  /** How long is paid before that, and after it. */
  readonly aroundMs: number;
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

/** Pays, and checks. @throws Error where relay, history or platform do not come to rest. */
export const runPayments = async (site: PaymentSite, size: PaymentSize): Promise<PaymentsDemo> => {
  const { system, users, coupons, platformControlUrl } = site;
  const plan = planPayments({ prefix: users, orders: size.orders, coupons });
  await system.openShop(plan);
  const { answered, outage } = await payDuringOutage(site, plan, size);
  await system.untilRest(size.signal);
  const facts = await system.readPayments({ users, platformControlUrl });
  const checks = [...checkAnswers(answered, plan, facts.payments), ...checkPayments(facts)];
  const { orderId, userId } = plan.leftOpen;
  const leftOpen = { orderId, userId };
  return { ...summarisePayments(answered, outage), checks, leftOpen, users, platformControlUrl };
};

type Paid = { readonly answered: readonly AnsweredCase[]; readonly outage: Outage };

const payDuringOutage = async (
  { api, platformControlUrl, tokenOf }: PaymentSite,
  { cases }: PaymentPlan,
  { clients, outageMs, aroundMs, signal }: PaymentSize,
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
