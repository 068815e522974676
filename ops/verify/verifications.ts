/** What `sluice verify` checks of the shop: coupons, and payments with what follows them. */
import { InvalidArgumentError } from "commander";
import type { Verification } from "../../engine/app/verify/verification.ts";
import type { Config } from "../config.ts";
import type { CouponFacts } from "./facts.ts";
import type { PaymentFacts } from "./payments/payment-facts.ts";
import { letterWarnings, noLetters } from "./letters.ts";
import type { CouponReport } from "./report.ts";

/** Topics, database and Redis agree about coupons. Exact on a quiet system. */
export const couponVerification: Verification<Config> = {
  subject: "coupons",
  description:
    "Of coupons: every accepted request has one verdict, issued = stock taken, no user twice, first come first served by " +
    "offset, the counter equals the database, the gate holds no unit without a request in flight, every verdict was published, every " +
    "unit that went back was refused. It is exact on a quiet system.",
  // Loaded when it is opened: drivers are not loaded for help.
  follow: async (config) => (await import("./follow-coupons.ts")).followCoupons(config),
  options: [{ flags: "--coupons <prefix>", description: "only coupons whose id begins with this", preset: "" }],
  run: async (config, { coupons: prefix = "" }) => {
    const [{ checkCoupons }, { readFacts }, { reportCoupons }] = await Promise.all([
      import("./check.ts"),
      import("./read-facts.ts"),
      import("./report.ts"),
    ]);
    const facts = await readFacts(config, prefix);
    const coupons = reportCoupons(facts);
    const { deadLetters, group, letters = noLetters } = facts;
    return {
      checks: checkCoupons(facts),
      warnings: warningsOf(coupons, facts),
      data: { coupons, deadLetters, openLetters: letters.open, pendingLetters: letters.pending, group: group.id },
    };
  },
};

const urlOption = (text: string): string => {
  if (URL.parse(text)?.protocol === "http:") return text;
  throw new InvalidArgumentError("Expected http://host:port.");
};

/** Payments, outbox, topic, history and platform agree. */
export const paymentVerification: Verification<Config> = {
  subject: "payments",
  description:
    "Of payments: payments = outbox = topic = history = platform as sets, orders, stock, balances and coupons add up to " +
    "the unit. What workers and relay have not processed yet is pending, not broken. Payments may continue meanwhile.",
  follow: async (config) => (await import("./payments/follow-payments.ts")).followPayments(config),
  options: [
    {
      flags: "--users <prefix>",
      description:
        "only payments of users whose id begins with this; stock, balances and coupons are always added up in all",
      preset: "",
    },
    {
      flags: "--platform <url>",
      description: "control address of a stand-in platform, to be asked what took effect there",
      parse: urlOption,
    },
  ],
  run: async (config, { users = "", platform }) => {
    const [{ checkPayments }, { readPaymentFacts }] = await Promise.all([
      import("./payments/check-payments.ts"),
      import("./payments/read-payment-facts.ts"),
    ]);
    const facts = await readPaymentFacts(config, { users, platformControlUrl: platform });
    return {
      checks: checkPayments(facts),
      warnings: paymentWarningsOf(facts),
      data: {
        payments: facts.payments.size,
        outbox: facts.outbox.size,
        topic: facts.published.size,
        history: facts.history.size,
        platform: facts.platform?.size ?? null,
        deadLetters: {
          [facts.historyGroup.id]: facts.historyGroup.deadLetters,
          [facts.externalGroup.id]: facts.externalGroup.deadLetters,
        },
      },
    };
  },
};

const warningsOf = (coupons: readonly CouponReport[], { letters = noLetters }: CouponFacts): readonly string[] => {
  const uncounted = coupons.filter(({ counter, wrongKey }) => counter === null && !wrongKey).length;
  return [
    ...(uncounted > 0 ? [`${uncounted} coupon(s) without a counter: who asks next starts it from the database`] : []),
    ...letterWarnings(letters, "coupon-issuing"),
  ];
};

const paymentWarningsOf = ({ platform, historyGroup, externalGroup }: PaymentFacts): readonly string[] => [
  ...[historyGroup, externalGroup].flatMap(({ id, letters = noLetters }) =>
    letterWarnings(letters, id.slice(id.lastIndexOf(".") + 1)),
  ),
  ...(platform === undefined
    ? ["the platform was not asked: --platform <url> names the control address of a stand-in"]
    : []),
];
