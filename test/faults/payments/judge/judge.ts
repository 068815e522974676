/** What came of a fault of payments: database, outbox, topic, history and platform against each other and the answers of clients. */
import { setTimeout as sleep } from "node:timers/promises";
import { checkAnswers } from "../../../../dev/demo/payments/check-answers.ts";
import type { Check } from "../../../../engine/app/verify/verification.ts";
import { checkPayments } from "../../../../ops/verify/payments/check-payments.ts";
import type { PaymentFacts } from "../../../../ops/verify/payments/payment-facts.ts";
import { includedRows, type Rows } from "../../../../ops/verify/rows/rows.ts";
import { readPaymentFacts } from "../../../../ops/verify/payments/read-payment-facts.ts";
import type { PaymentId } from "../../../../schemas/payment.ts";
import type { AttemptReply } from "../clients.ts";
import type { FedBatch } from "../feed.ts";
import { brokenPromises } from "./promises.ts";
import type { PayScene } from "../scene.ts";

/** What was asked, to be held against what there is. */
export interface PayExpected {
  /** Begins the ids of the users that are looked at; all where it is empty. */
  readonly prefix: string;
  /** What every client was answered, by batches, whose plans say who had to be refused; unknown where left out. */
  readonly batches?: readonly FedBatch[];
  /** What clients were answered besides. */
  readonly replies?: readonly AttemptReply[];
}

/** What was found; all but the first two are to be 0. */
export interface PayFindings {
  /** Orders that a client asked to pay. */
  readonly orders: number;
  /** Payments there are. */
  readonly paid: number;
  readonly answeredNotPaid: number;
  readonly paidNotAnswered: number;
  readonly paidTwice: number;
  /** Cases that did not come out as they had to: who had to be refused was not, or the other way round. */
  readonly unplanned: number;
  readonly unanswered: number;
  /** In one of the two, and not in the other; or in both, and not the same. */
  readonly outbox: number;
  readonly topic: number;
  readonly history: number;
  readonly platform: number;
  /** Payments with more than one effect on the platform. */
  readonly effectsTwice: number;
  /** Options, balances, coupons, orders and amounts that do not add up. */
  readonly booksOff: number;
  /** Records of payments that were dead-lettered: however long something is away, none is to be. */
  readonly deadLetters: number;
  /** Some of it in words. */
  readonly examples: readonly string[];
}

const claims = {
  outbox: ["outbox = payments"],
  topic: ["topic = payments, with the same contents"],
  history: ["history = payments, with the same contents"],
  booksOff: [
    "an order is paid where there is a payment of it",
    "stock = what is left + what paid orders have, to the unit",
    "deposits = balances + what was paid, to the won",
    "coupons are used where a paid order has them, once",
    "what was paid is what it costs, less its coupons",
  ],
} as const;
const platformClaim = "platform = payments, with one effect each";
const planClaims = [
  "paid once, and refused who had to be",
  "the scarce option is sold to the last unit, and no further",
];

/** How often it is tried to read everything: a service that has just come back does not know every topic yet. */
const attempts = 15;

/** Reads everything and compares. To be called when all is at rest. */
export const judgePayments = async (
  scene: Pick<PayScene, "config" | "platform" | "signal" | "strange">,
  expected: PayExpected,
): Promise<PayFindings> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const scope = { users: expected.prefix, platformControlUrl: scene.platform.controlUrl };
      const facts = await readPaymentFacts(scene.config, scope);
      return payFindingsOf(withoutStrange(facts, scene.strange), expected);
    } catch (error) {
      if (attempt === attempts) throw error;
      await sleep(1_000, undefined, { signal: scene.signal });
    }
  }
};

/** What was there before the scene was set, and does not add up: on a stack of its own nothing. */
export interface Strange {
  /** Of no payment. */
  readonly ids: ReadonlySet<PaymentId>;
  readonly books: ReadonlySet<string>;
  readonly deadLetters: number;
}

/** Reads what does not add up before anything was done. */
export const readStrange = async (config: PayScene["config"]): Promise<Strange> => {
  const { payments, outbox, published, history, books, ...groups } = await readPaymentFacts(config, { users: "" });
  const known = [outbox, published, history].flatMap((each) => [...each.keys()]);
  return {
    ids: new Set(known.filter((id) => !payments.has(id))),
    books: new Set(Object.values(books).flat()),
    deadLetters: deadLettersOf(groups),
  };
};

const deadLettersOf = ({ historyGroup, externalGroup }: Pick<PaymentFacts, "historyGroup" | "externalGroup">): number =>
  historyGroup.deadLetters + externalGroup.deadLetters;

const withoutStrange = (facts: PaymentFacts, { ids, books, deadLetters }: Strange): PaymentFacts => {
  const own = <T>(all: Rows<PaymentId, T>): Rows<PaymentId, T> => includedRows(all, (id) => !ids.has(id));
  const off = (all: readonly string[]): readonly string[] => all.filter((id) => !books.has(id));
  const { ordersOff, optionsOff, balancesOff, couponsOff, amountsOff } = facts.books;
  return {
    ...facts,
    ...{ outbox: own(facts.outbox), published: own(facts.published), history: own(facts.history) },
    platform: facts.platform && own(facts.platform),
    books: {
      ordersOff: off(ordersOff),
      optionsOff: off(optionsOff),
      balancesOff: off(balancesOff),
      couponsOff: off(couponsOff),
      amountsOff: off(amountsOff),
    },
    historyGroup: { ...facts.historyGroup, deadLetters: facts.historyGroup.deadLetters - deadLetters },
  };
};

/** Pure. */
export const payFindingsOf = (facts: PaymentFacts, { replies = [], batches = [] }: PayExpected): PayFindings => {
  const checks = checkPayments(facts);
  const answers = [...replies, ...batches.flatMap(({ answered }) => answered.flatMap((one) => one.answers))];
  const { examples, ...promises } = brokenPromises(answers, facts.payments);
  const isAsked = answers.length > 0;
  const plans = batches.flatMap(({ plan, answered }) => plannedChecks(plan, answered, facts));
  const effectsTwice = [...(facts.platform ?? [])].filter(([, effects]) => effects > 1).length;
  const broken = (wanted: readonly string[]): number => brokenOf(checks, wanted);
  return {
    orders: isAsked ? new Set(answers.map(({ attempt }) => attempt.orderId)).size : facts.payments.size,
    paid: facts.payments.size,
    ...promises,
    ...(isAsked ? {} : { paidNotAnswered: 0 }),
    paidTwice: Math.max(promises.paidTwice, broken(["no order is paid twice"])),
    unplanned: plans.reduce((sum, plan) => sum + plan.broken, 0),
    outbox: broken(claims.outbox),
    topic: broken(claims.topic),
    history: broken(claims.history),
    platform: broken([platformClaim]) - effectsTwice,
    effectsTwice,
    booksOff: broken(claims.booksOff),
    deadLetters: deadLettersOf(facts),
    examples: [...(isAsked ? examples : []), ...[...checks, ...plans].flatMap((each) => each.examples.slice(0, 2))],
  };
};

/** What has not come to rest is amiss here: pending counts as broken. */
const brokenOf = (checks: readonly Check[], wanted: readonly string[]): number =>
  wanted.reduce((sum, claim) => {
    const { broken, pending } = checkOf(checks, claim);
    return sum + broken + pending;
  }, 0);

const checkOf = (checks: readonly Check[], claim: string): Check => {
  const found = checks.find((check) => check.claim === claim);
  if (found === undefined) throw new Error(`the verifier no longer checks that ${claim}`);
  return found;
};

const plannedChecks = (
  plan: FedBatch["plan"],
  answered: FedBatch["answered"],
  { payments }: PaymentFacts,
): readonly Check[] => {
  const checks = checkAnswers(answered, plan, payments);
  return planClaims.map((claim) => checkOf(checks, claim));
};

/** What is amiss, in words. */
export const payFaultsOf = ({ orders, paid, examples, ...amiss }: PayFindings): readonly string[] => [
  ...Object.entries(amiss).flatMap(([name, count]) => (count > 0 ? [`${name}: ${count}`] : [])),
  ...(orders > 0 && paid > 0 ? [] : ["nothing was looked at"]),
];
