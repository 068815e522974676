/** `sluice verify`: reads topic, database and Redis afresh and holds them against each other. */
import { Command } from "commander";
import { exitCodes, jsonDocument, note, print, printJson } from "../cli.ts";

interface VerifyOptions {
  readonly coupons: string;
  readonly json?: boolean;
}

/** The command. */
export const verifyCommand = (): Command =>
  new Command("verify")
    .summary("check that topic, database and Redis agree; exits 1 when they do not")
    .description(
      "Reads topics, database and Redis from scratch and checks: every accepted request has one verdict, issued = stock " +
        "taken, no user twice, first come first served by offset, the counter equals the database, every verdict was " +
        "told. Exact on a quiet system; while requests are under way it reports what is not decided yet.",
    )
    .option("--coupons <prefix>", "only coupons whose id begins with this", "")
    .option("--json", "print one JSON document")
    .action(verify);

const verify = async ({ coupons, json }: VerifyOptions): Promise<void> => {
  const [{ checkCoupons }, { readFacts }, { loadConfig }, { showChecks }] = await Promise.all([
    import("../verify/check.ts"),
    import("../verify/read-facts.ts"),
    import("../process.ts"),
    import("../demo/summary.ts"),
  ]);
  const facts = await readFacts(await loadConfig(), coupons);
  const checks = checkCoupons(facts);
  const sound = checks.every(({ broken }) => broken === 0);
  if (!sound) process.exitCode = exitCodes.failure;
  if (json)
    printJson(jsonDocument("verify", { checks, deadLetters: facts.deadLetters }, { status: sound ? "ok" : "failed" }));
  else print(showChecks(checks));
  if (facts.deadLetters > 0) note(`${facts.deadLetters} dead letter(s) in ${"coupon-issuing.dlq"}`);
};
