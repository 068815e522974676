/** `sluice verify`: reads topic, database and Redis afresh and holds them against each other. */
import { Command } from "commander";
import type { CouponFacts } from "../verify/facts.ts";
import type { CouponReport } from "../verify/report.ts";
import { exitCodes, jsonDocument, note, print, printJson } from "../cli.ts";

interface VerifyOptions {
  readonly coupons: string;
  readonly json?: boolean;
}

/** The command. */
export const verifyCommand = (): Command =>
  new Command("verify")
    .summary("check that topic, database and Redis agree; exits 1 when they do not, 3 when requests are pending")
    .description(
      "Reads topics, database and Redis from scratch and checks: every accepted request has one verdict, issued = stock " +
        "taken, no user twice, first come first served by offset, the counter equals the database, every unit the gate " +
        "gave out stands for an issued coupon, every verdict was told, what went back was refused. Exact on a quiet " +
        "system; requests that the workers have not come to yet are counted as pending, not as broken.",
    )
    .option("--coupons <prefix>", "only coupons whose id begins with this", "")
    .option("--json", "print one JSON document")
    .action(verify);

const verify = async ({ coupons: prefix, json }: VerifyOptions): Promise<void> => {
  const [{ checkCoupons }, { readFacts }, { reportCoupons }, { loadConfig }, { showChecks }] = await Promise.all([
    import("../verify/check.ts"),
    import("../verify/read-facts.ts"),
    import("../verify/report.ts"),
    import("../process.ts"),
    import("../demo/summary.ts"),
  ]);
  const facts = await readFacts(await loadConfig(), prefix);
  const checks = checkCoupons(facts);
  const isBroken = checks.some(({ broken }) => broken > 0);
  const isPending = checks.some(({ pending }) => pending > 0);
  if (isBroken) process.exitCode = exitCodes.failure;
  else if (isPending) process.exitCode = exitCodes.pending;
  const coupons = reportCoupons(facts);
  const warnings = warningsOf(coupons, facts);
  const { deadLetters, group } = facts;
  if (json) {
    const data = { checks, coupons, deadLetters, group: group.id };
    printJson(jsonDocument("verify", data, { status: isBroken ? "failed" : "ok", warnings }));
  } else print(showChecks(checks));
  for (const warning of warnings) note(warning);
};

const warningsOf = (coupons: readonly CouponReport[], { deadLetters }: CouponFacts): readonly string[] => {
  const uncounted = coupons.filter(({ counter }) => counter === null).length;
  return [
    ...(uncounted > 0 ? [`${uncounted} coupon(s) without a counter: who asks next starts it from the database`] : []),
    ...(deadLetters > 0 ? [`${deadLetters} dead letter(s) in coupon-issuing.dlq`] : []),
  ];
};
