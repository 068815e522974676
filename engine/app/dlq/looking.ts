/** The verbs of `sluice dlq` that look: list and groups. They work while the store of replays is away. */
import { groupsOf, type LetterGroup } from "../../dlq/letters/group.ts";
import type { Selection } from "../../dlq/letters/select.ts";
import { count, jsonDocument, nextText, note, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { loadConfig } from "../process/process.ts";
import { type LookAt, lookAt, placeOption, selected } from "./look.ts";
import { type OpenDlq, withDlq } from "./open.ts";
import { readableLetters, readableUnknown } from "./readable.ts";
import { type SelectOptions, selectionOf } from "./selection.ts";
import { groupTable, letterJson, letterTable, printable, shellWord, shortFingerprint } from "./words.ts";

/** Options of a verb that looks. */
export interface LookOptions extends SelectOptions {
  readonly topology: string;
  /** Letters of any topic, instead of a topology's. */
  readonly topic?: string;
  readonly json?: boolean;
}

/** What is looked at. */
export const placeOf = ({ topology, topic }: Pick<LookOptions, "topology" | "topic">): LookAt =>
  topic === undefined ? { topology } : { topic };

/** Rows of a table; `--json` has all of them. */
const shownLetters = 100;

/** `list`: letters, open ones where no state is given. */
export const listVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  ids: readonly string[],
  options: LookOptions,
): Promise<void> => {
  const at = placeOf(options);
  const selection = selectionOf(ids, options, { states: ["open"], now: Date.now() });
  const { standings, warnings } = await withDlq(app, await loadConfig(app), (open) => lookAt(open, at));
  const found = selected(standings, selection, at);
  const next = [`sluice dlq ${found.length === 0 ? "groups" : "show <id>"} ${placeOption(at)}`];
  if (options.json) return printJson(jsonDocument("dlq.list", found.map(letterJson), { warnings, next }));
  for (const warning of warnings) note(warning);
  if (found.length > 0) print(letterTable(found.slice(0, shownLetters), Date.now()));
  const more = found.length > shownLetters ? `, the first ${shownLetters} are shown; --json has all` : "";
  print(`${count(found.length)} letter(s)${more}. ${nextText(next)}`);
};

/** `groups`: letters by cause. */
export const groupsVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  options: LookOptions,
): Promise<void> => {
  const at = placeOf(options);
  const selection = selectionOf([], options, { states: ["open", "pending"], now: Date.now() });
  const { groups, warnings } = await withDlq(app, await loadConfig(app), (open) => lookAtGroups(open, at, selection));
  const largest = groups[0]?.fingerprint;
  const isOurs = "topology" in at;
  const next = [
    largest === undefined
      ? `sluice dlq list ${placeOption(at)} --state all`
      : `sluice dlq ${isOurs ? "plan" : "list"} ${placeOption(at)} --fingerprint ${printable(shellWord(shortFingerprint(largest)))}`,
  ];
  if (options.json) return printJson(jsonDocument("dlq.groups", groups, { warnings, next }));
  for (const warning of warnings) note(warning);
  if (groups.length > 0) print(groupTable(groups, Date.now()));
  const [letters, open] = [sum(groups.map((one) => one.letters)), sum(groups.map((one) => one.open))];
  print(`${count(letters)} letters, ${count(open)} open. ${nextText(next)}`);
};

/** Groups of letters of which some are meant, each with all that it has. */
export const lookAtGroups = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  at: LookAt,
  selection: Selection,
): Promise<{ readonly groups: readonly LetterGroup[]; readonly warnings: readonly string[] }> => {
  const reading = readableLetters(open);
  const { standings, warnings } = await lookAt(open, at, reading.examine);
  const failure = reading.registryFailure();
  const meant = new Set(selected(standings, selection, at).map(({ letter }) => letter.fingerprint));
  return {
    groups: groupsOf(standings, ({ letter }) => reading.isReadable(letter)).filter((one) => meant.has(one.fingerprint)),
    warnings: [...warnings, ...(failure === undefined ? [] : [readableUnknown(failure)])],
  };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
