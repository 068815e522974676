/** `sluice dlq discard`: marks letters as not to be replayed, or takes the marks back. Deletes nothing. */
import { idText, originKey } from "../../../dlq/letters/letter.ts";
import type { Selection } from "../../../dlq/letters/select.ts";
import type { Origin } from "../../../worker/round/letter-headers.ts";
import { readStandings } from "../../../dlq/read/read-standings.ts";
import { CliError, count, environment, exitCodes, jsonDocument, nextText, print, printJson } from "../../cli.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import type { App } from "../../define-app.ts";
import { terminal } from "../../deploying/confirm.ts";
import { actorOf, hostOf } from "../../deploying/open.ts";
import { loadConfig } from "../../process/process.ts";
import { selected } from "../look.ts";
import { lettersOf, type OpenDlq, replaysToChange, withDlq } from "../open.ts";
import { busyError } from "./outcome.ts";
import { refuseAll, selectionOf, type SelectOptions } from "../selection.ts";

/** Options of the verb. */
export interface DiscardOptions extends SelectOptions {
  readonly topology: string;
  readonly reason: string;
  readonly actor?: string;
  readonly undo?: boolean;
  readonly all?: boolean;
  readonly confirm?: string;
  readonly yes?: boolean;
  /** s */
  readonly lockTimeout: number;
  readonly json?: boolean;
}

/** Discards open letters, or with `undo` opens discarded ones. Exit code 4 where there is none, 5 where a replay is at work. */
export const discardVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  ids: readonly string[],
  options: DiscardOptions,
): Promise<void> => {
  const { topology, reason, undo = false, json } = options;
  if (reason.trim() === "")
    throw new CliError("discarding needs a reason, for the audit log", {
      code: "USAGE",
      exitCode: exitCodes.usage,
    });
  const wanted = wantedState(undo);
  const selection = selectionOf(ids, { ...options, state: wanted }, { states: [wanted], now: Date.now() });
  refuseAll(selection, { all: options.all === true, confirm: options.confirm, topology });
  const changed = await withDlq(app, await loadConfig(app), (open) =>
    discardLetters(open, {
      ...{ topology, selection, undo, reason },
      actor: options.actor ?? actorOf(environment()),
      lockWaitMs: options.lockTimeout * 1_000,
      agree: (letters) => askWhether(`${undo ? "Open" : "Discard"} ${letterCount(letters)}? [y/N] `, options),
    }),
  );
  const next = [`sluice dlq groups --topology ${topology}`];
  if (json) return printJson(jsonDocument("dlq.discard", { undo, ...changed }, { next }));
  print(`${count(changed.letters)} letter(s) ${undo ? "are open again" : "are discarded"}. ${nextText(next)}`);
};

/** What is discarded, and who says so. */
export interface Discarding {
  readonly topology: string;
  /** Of letters in the state that {@link wantedState} names. */
  readonly selection: Selection;
  /** Opens discarded ones instead. */
  readonly undo: boolean;
  readonly reason: string;
  readonly actor: string;
  /** How long another change of its letters is waited for, ms. */
  readonly lockWaitMs: number;
  /** Told how many letters are meant, before anything is done. @throws what stops it */
  readonly agree: (letters: number) => Promise<void>;
}

/** The state of letters that are discarded, or opened again. */
export const wantedState = (undo: boolean): "discarded" | "open" => (undo ? "discarded" : "open");

/** Discards or opens letters; answers how many, and which. @throws CliError (NOTHING_MEANT, REPLAY_BUSY) */
export const discardLetters = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  { topology, selection, undo, reason, actor, lockWaitMs, agree }: Discarding,
): Promise<{ readonly letters: number; readonly ids: readonly string[] }> => {
  const replays = replaysToChange(open);
  const look = async (): Promise<readonly Origin[]> => {
    const { standings } = await readStandings({ cluster: open.cluster, replays }, lettersOf(open, topology));
    const origins = selected(standings, selection, { topology }).map(({ letter }) => letter.origin);
    if (origins.length === 0) throw nothingMeant(topology, wantedState(undo));
    return origins;
  };
  // Asked without the lock: nobody else waits for an answer.
  const meant = new Set((await look()).map(originKey));
  await agree(meant.size);
  // Looked at again under the lock: what a replay has sent meanwhile is not open any more, and what came was not meant.
  const done = await replays.locked(topology, lockWaitMs, async (lock) => {
    const origins = (await look()).filter((origin) => meant.has(originKey(origin)));
    if (origins.length === 0) throw nothingMeant(topology, wantedState(undo));
    const operation = await lock.begin({
      ...{ actor, host: hostOf(), verb: undo ? "dlq discard --undo" : "dlq discard", reason },
      document: { topology, selection, letters: origins.length },
    });
    const letters = undo ? await lock.restore(origins) : await lock.discard(origins, operation);
    await lock.end(operation, undo ? "opened" : "discarded");
    return { letters, ids: origins.map(idText) };
  });
  if (done === undefined) throw await busyError(replays, topology);
  return done.value;
};

const nothingMeant = (topology: string, wanted: string): CliError =>
  new CliError(`no letter that is meant is ${wanted}; nothing was changed`, {
    code: "NOTHING_MEANT",
    exitCode: exitCodes.refused,
    fix: `Next: sluice dlq list --topology ${topology} --state all`,
  });

const letterCount = (letters: number): string => `${count(letters)} letter${letters === 1 ? "" : "s"}`;

const askWhether = async (question: string, { yes, json }: DiscardOptions): Promise<void> => {
  const ask = yes || json ? undefined : terminal();
  if (ask === undefined || /^y(es)?$/i.test((await ask(question)).trim())) return;
  throw new CliError("not confirmed, nothing was changed", { code: "NOT_CONFIRMED", exitCode: exitCodes.usage });
};
