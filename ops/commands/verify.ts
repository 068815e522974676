/** `sluice verify`: reads topics, database, Redis and platform afresh and holds them against each other. */
import { Argument, Command, InvalidArgumentError } from "commander";
import type { Check } from "../verify/check.ts";
import type { CouponFacts } from "../verify/facts.ts";
import type { PaymentFacts } from "../verify/payment-facts.ts";
import type { CouponReport } from "../verify/report.ts";
import type { Config } from "../config.ts";
import { exitCodes, jsonDocument, note, print, printJson } from "../../engine/app/cli.ts";

const subjects = ["coupons", "payments"] as const;
type Subject = (typeof subjects)[number];

interface VerifyOptions {
  readonly coupons: string;
  readonly users: string;
  readonly platform?: string;
  readonly json?: boolean;
}

/** The command. */
export const verifyCommand = (): Command =>
  new Command("verify")
    .summary(
      "check that topics, database, Redis and platform agree; exits 1 when they do not, 3 when something is pending",
    )
    .description(
      "Reads topics, database and Redis from scratch and checks, of coupons: every accepted request has one verdict, " +
        "issued = stock taken, no user twice, first come first served by offset, the counter equals the database, every " +
        "unit the gate gave out stands for an issued coupon, every verdict was told, what went back was refused. Of " +
        "payments: payments = outbox = topic = history = platform as sets, orders, stock, balances and coupons add up " +
        "to the unit. What workers and relay have not come to yet is pending, not broken. Payments may go on meanwhile; of " +
        "coupons it is exact on a quiet system.",
    )
    .addArgument(new Argument("[subject...]", "what to check (default: all)").choices([...subjects]))
    .option("--coupons <prefix>", "only coupons whose id begins with this", "")
    .option(
      "--users <prefix>",
      "only payments of users whose id begins with this; stock, balances and coupons are always added up in all",
      "",
    )
    .option("--platform <url>", "control address of a stand-in platform, to be asked what took effect there", urlOption)
    .option("--json", "print one JSON document")
    .action((wanted: readonly Subject[], options: VerifyOptions) =>
      verify(wanted.length > 0 ? wanted : subjects, options),
    );

const urlOption = (text: string): string => {
  if (URL.parse(text)?.protocol === "http:") return text;
  throw new InvalidArgumentError("Expected http://host:port.");
};

/** What one subject came to. */
interface Verified {
  readonly subject: Subject;
  readonly checks: readonly Check[];
  readonly warnings: readonly string[];
  /** For programs. */
  readonly data: Readonly<Record<string, unknown>>;
}

const verify = async (wanted: readonly Subject[], options: VerifyOptions): Promise<void> => {
  const [{ loadConfig }, { showChecks }] = await Promise.all([
    import("../../engine/app/process.ts"),
    import("../../engine/app/verify/show.ts"),
  ]);
  const config = await loadConfig();
  const verified: Verified[] = [];
  if (wanted.includes("coupons")) verified.push(await verifyCoupons(config, options));
  if (wanted.includes("payments")) verified.push(await verifyPayments(config, options));
  const checks = verified.flatMap((one) => one.checks);
  const warnings = verified.flatMap((one) => one.warnings);
  const isBroken = checks.some(({ broken }) => broken > 0);
  if (isBroken) process.exitCode = exitCodes.failure;
  else if (checks.some(({ pending }) => pending > 0)) process.exitCode = exitCodes.pending;
  if (options.json === true) {
    const data = Object.fromEntries(verified.map((one) => [one.subject, { checks: one.checks, ...one.data }]));
    printJson(jsonDocument("verify", data, { status: isBroken ? "failed" : "ok", warnings }));
  } else print(verified.map((one) => showChecks(one.subject, one.checks)).join("\n\n"));
  for (const warning of warnings) note(warning);
};

const verifyCoupons = async (config: Config, { coupons: prefix }: VerifyOptions): Promise<Verified> => {
  const [{ checkCoupons }, { readFacts }, { reportCoupons }] = await Promise.all([
    import("../verify/check.ts"),
    import("../verify/read-facts.ts"),
    import("../verify/report.ts"),
  ]);
  const facts = await readFacts(config, prefix);
  const coupons = reportCoupons(facts);
  const { deadLetters, group } = facts;
  return {
    subject: "coupons",
    checks: checkCoupons(facts),
    warnings: warningsOf(coupons, facts),
    data: { coupons, deadLetters, group: group.id },
  };
};

const verifyPayments = async (config: Config, { users, platform }: VerifyOptions): Promise<Verified> => {
  const [{ checkPayments }, { readPaymentFacts }] = await Promise.all([
    import("../verify/check-payments.ts"),
    import("../verify/read-payment-facts.ts"),
  ]);
  const facts = await readPaymentFacts(config, { users, platformControlUrl: platform });
  return {
    subject: "payments",
    checks: checkPayments(facts),
    warnings: paymentWarningsOf(facts),
    data: {
      payments: facts.payments.size,
      outbox: facts.outbox.size,
      topic: facts.told.size,
      history: facts.history.size,
      platform: facts.platform?.size ?? null,
      deadLetters: {
        [facts.historyGroup.id]: facts.historyGroup.deadLetters,
        [facts.externalGroup.id]: facts.externalGroup.deadLetters,
      },
    },
  };
};

const warningsOf = (coupons: readonly CouponReport[], { deadLetters }: CouponFacts): readonly string[] => {
  const uncounted = coupons.filter(({ counter }) => counter === null).length;
  return [
    ...(uncounted > 0 ? [`${uncounted} coupon(s) without a counter: who asks next starts it from the database`] : []),
    ...(deadLetters > 0 ? [`${deadLetters} dead letter(s) in coupon-issuing.dlq`] : []),
  ];
};

const paymentWarningsOf = ({ platform, historyGroup, externalGroup }: PaymentFacts): readonly string[] => [
  ...[historyGroup, externalGroup].flatMap(({ id, deadLetters }) =>
    deadLetters > 0 ? [`${deadLetters} dead letter(s) of ${id}`] : [],
  ),
  ...(platform === undefined
    ? ["the platform was not asked: --platform <url> names the control address of a stand-in"]
    : []),
];
