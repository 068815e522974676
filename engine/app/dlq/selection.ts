/** What selects letters on the command line, as a selection. Pure. */
import { keyText } from "../../dlq/letters/letter.ts";
import { isUnrestricted, type Selection } from "../../dlq/letters/select.ts";
import { type LetterState, letterStates } from "../../dlq/letters/state.ts";
import { CliError, exitCodes } from "../cli.ts";

/** Options of every command that selects, as commander answers them. */
export interface SelectOptions {
  readonly fingerprint?: string;
  readonly code?: string;
  readonly node?: string;
  readonly kind?: string;
  readonly key?: string;
  readonly since?: string;
  readonly until?: string;
  readonly state?: string;
  readonly attempt?: string;
  readonly limit?: number;
}

/**
 * The selection of ids and options; `states` are those where none is given.
 * @throws CliError (USAGE) naming the option, what it is and what was expected
 */
export const selectionOf = (
  ids: readonly string[],
  options: SelectOptions,
  { states, now }: { readonly states: readonly LetterState[]; readonly now: number },
): Selection => {
  const { fingerprint, code, node, kind, key, limit } = options;
  // Of a variable that is not set: it would be the beginning of any cause.
  if (fingerprint === "") throw wrong("--fingerprint", fingerprint, "the beginning of a fingerprint");
  const selection: { -readonly [K in keyof Selection]: Selection[K] | undefined } = {
    ids: ids.length > 0 ? ids : undefined,
    fingerprint,
    code,
    node,
    kind,
    key: key === undefined ? undefined : (keyText(Buffer.from(key)) ?? undefined),
    since: options.since === undefined ? undefined : timeOf("--since", options.since, now),
    until: options.until === undefined ? undefined : timeOf("--until", options.until, now),
    states: statesOf(options.state, states),
    attempt: options.attempt === undefined ? undefined : attemptOf(options.attempt),
    limit,
  };
  // What is not asked is not there, so that a plan file says only what was asked.
  return Object.fromEntries(Object.entries(selection).filter(([, value]) => value !== undefined));
};

/** What narrows nothing has to be meant: `--all`, with the topology's name. @throws CliError (CONFIRM_ALL) */
export const refuseAll = (
  selection: Selection,
  {
    all,
    confirm,
    topology,
  }: { readonly all: boolean; readonly confirm: string | undefined; readonly topology: string },
): void => {
  if (!isUnrestricted(selection) || (all && confirm === topology)) return;
  throw new CliError("nothing narrows which letters are meant, so all of them would be", {
    code: "CONFIRM_ALL",
    exitCode: exitCodes.usage,
    fix: `Give --fingerprint, --code, ids or others; or, for all of them: --all --confirm ${topology}`,
  });
};

const statesOf = (text: string | undefined, instead: readonly LetterState[]): readonly LetterState[] | undefined => {
  if (text === undefined) return instead;
  if (text === "all") return undefined;
  return text.split(",").map((name) => {
    const state = letterStates.find((one) => one === name);
    if (state !== undefined) return state;
    throw wrong("--state", text, `all, or some of ${letterStates.join(",")}`);
  });
};

const attemptOf = (text: string): { readonly below: number } | { readonly is: number } => {
  const found = /^(<?)(\d{1,6})$/.exec(text);
  const [isBelow, n] = [found?.[1] === "<", Number(found?.[2])];
  // Attempts are counted from 1: nothing is below the first.
  if (found === null || n < (isBelow ? 2 : 1))
    throw wrong("--attempt", text, "a number from 1 such as 2, or <3, from <2");
  return isBelow ? { below: n } : { is: n };
};

const units = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time of day, or a duration before now. */
const timeOf = (option: string, text: string, now: number): number => {
  const ago = /^(\d{1,6}) ?(s|min|h|d)$/.exec(text);
  // The expression allows only these units.
  if (ago !== null) return now - Number(ago[1]) * units[ago[2] as keyof typeof units];
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw wrong(option, text, "a time such as 2026-11-27T10:00Z, or how long ago: 90s, 5min, 2h, 3d");
};

const wrong = (option: string, got: string, expected: string): CliError =>
  new CliError(`${option} ${JSON.stringify(got)}: expected ${expected}`, {
    code: "USAGE",
    exitCode: exitCodes.usage,
    fix: "Next: sluice dlq list --help",
  });
