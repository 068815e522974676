/** What a resumed job and a saved plan keep of when they were planned: options that would change it are refused. Pure. */
import { CliError, exitCodes } from "../../cli.ts";

/** Options that say who, why and how to wait; every other one is part of what was planned. */
const taken: ReadonlySet<string> = new Set([
  "topology",
  "reason",
  "resume",
  "actor",
  "yes",
  "lockTimeout",
  "waitTimeout",
  "json",
]);

/** What is typed where a replay was planned before. */
export interface TypedBeside {
  /** What keeps it, as a subject: `a resumed job`. */
  readonly what: string;
  /** Options that were typed, by their names in code. */
  readonly options: readonly string[];
  /** Ids that were typed. */
  readonly ids: readonly string[];
}

/** A rate that is typed and not heeded would be worse than an error. @throws CliError (USAGE) naming what is not heeded */
export const refuseReplanning = ({ what, options, ids }: TypedBeside): void => {
  const names = options.filter((name) => !taken.has(name)).map(flagOf);
  const unheeded = [...names, ...ids];
  if (unheeded.length === 0) return;
  throw new CliError(`${what} keeps what it was planned with: ${unheeded.join(", ")} cannot be given beside it`, {
    code: "USAGE",
    exitCode: exitCodes.usage,
    fix: "Leave it out; or plan anew, where it should be otherwise.",
  });
};

/** commander's `wait` is `--no-wait`, the only one that is typed in its negative. */
const flagOf = (name: string): string =>
  name === "wait" ? "--no-wait" : `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
