/** How checks are shown to people. */
import { count, formatTable, paint } from "../cli.ts";
import type { Check } from "./verification.ts";

/** Checks as a table under what they are about, with examples of what is broken. */
export const showChecks = (subject: string, checks: readonly Check[]): string => {
  const rows = checks.map((check) => [
    stateOf(check),
    check.claim,
    count(check.looked),
    count(check.broken),
    count(check.pending),
  ]);
  const right = ["looked at", "broken", "pending"];
  const table = formatTable(["check", subject, ...right], rows, { right });
  const examples = checks.flatMap(({ examples: some }) => some.map((example) => `  ${example}`));
  const older = checks.flatMap(({ claim, older: number = 0 }) =>
    number === 0 ? [] : [`  ${count(number)} are older than the oldest record of a topic, not compared: ${claim}`],
  );
  return [table, ...examples, ...older].join("\n");
};

const stateOf = ({ broken, pending }: Check): string => {
  if (broken > 0) return paint("red", "BROKEN");
  return pending > 0 ? paint("yellow", "PENDING") : paint("green", "ok");
};
