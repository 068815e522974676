/** How an apply ended, as an exit code, an error with what to do, and lines for people. */
import type { Refusal } from "../../deploy/plan/change.ts";
import { risksOf } from "../../deploy/plan/change.ts";
import { stepText } from "../../deploy/plan/steps.ts";
import type { ApplyOutcome } from "../../deploy/run/apply.ts";
import { CliError, describeError, exitCodes, InterruptedError } from "../cli.ts";

const planCommand = "sluice topology plan";
const applyCommand = "sluice topology apply";

/** Refusals in words, one a line. */
export const refusalLines = (refusals: readonly Refusal[]): readonly string[] =>
  refusals.map(({ area, name, text }) => `${area} ${name}: ${text}`);

/** The error of an apply that did not go through; undefined where it did, or there was nothing to do. */
export const outcomeError = (outcome: ApplyOutcome): CliError | undefined => {
  switch (outcome.kind) {
    case "applied":
    case "unchanged":
      return undefined;
    case "refused": {
      const { refusals } = outcome.planned.plan;
      return new CliError(`refused, nothing was changed: ${refusalLines(refusals).join("; ")}`, {
        code: refusals[0]?.code ?? "REFUSED",
        exitCode: exitCodes.refused,
        fix: [...new Set(refusals.map(({ fix }) => fix))].join("\n"),
      });
    }
    case "declined": {
      const risky = risksOf(outcome.planned.plan);
      if (risky.length === 0) {
        return new CliError("not confirmed, nothing was changed", { code: "NOT_CONFIRMED", exitCode: exitCodes.usage });
      }
      return new CliError(`nothing was changed: these changes have to be confirmed by name: ${risky.join(", ")}`, {
        code: "CONFIRM_BY_NAME",
        exitCode: exitCodes.usage,
        fix: `Next: ${applyCommand} ${risky.map((name) => `--confirm ${name}`).join(" ")}`,
      });
    }
    case "busy": {
      const { by } = outcome;
      const who = by === undefined ? "another apply" : `operation ${by.number} of ${by.actor} on ${by.host}`;
      return new CliError(`${who} is at work; nothing was changed`, {
        code: "APPLY_BUSY",
        exitCode: exitCodes.conflict,
        fix: "Next: sluice topology log",
      });
    }
    case "moved":
      return new CliError(
        `the plan is out of date, nothing was changed; since it was made these moved: ${outcome.paths.join(", ")}`,
        {
          code: "PLAN_OUT_OF_DATE",
          exitCode: exitCodes.conflict,
          fix: `Next: ${planCommand}`,
        },
      );
    case "partial": {
      const { code, message } = describeError(outcome.error);
      return new CliError(`${message}; left: ${outcome.left.map(stepText).join("; ")}`, {
        code,
        exitCode: code === "APPLY_LOCK_LOST" ? exitCodes.conflict : exitCodes.partial,
        fix: `Next: ${applyCommand}, which goes on`,
        cause: outcome.error,
      });
    }
    case "interrupted":
      return new InterruptedError(`the user; left: ${outcome.left.map(stepText).join("; ")}. ${applyCommand} goes on`);
  }
};
