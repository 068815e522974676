/** Reads the letters that a command is about: of a topology with what became of them, or of any topic. */
import type { Letter } from "../../dlq/letters/letter.ts";
import { BadSelection, type Selection, selectLetters } from "../../dlq/letters/select.ts";
import { type Standing, standingsOf } from "../../dlq/letters/state.ts";
import { type Examine, readLetters, readStandings } from "../../dlq/read/read-standings.ts";
import { unlessMissing } from "../../log/unless-missing.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { CliError, exitCodes } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { lettersOf, type OpenDlq, portsToLook } from "./open.ts";
import { printable } from "./words.ts";

/** Which letters are looked at: those of a topology, or of a topic that somebody else may write. */
export type LookAt = { readonly topology: string } | { readonly topic: string };

/** What was found. */
export interface Looked {
  readonly standings: readonly Standing[];
  /** What was not known, in sentences. */
  readonly warnings: readonly string[];
  /** The dead letters' topic. */
  readonly topic: string;
}

/** Reads. Of a topic that is no topology's nothing is known but its letters: all of them are open. */
export const lookAt = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  at: LookAt,
  examine?: Examine,
): Promise<Looked> => {
  if ("topic" in at) {
    await refuseMissing(open, at.topic);
    const { letters, trimmed } = await readLetters(open.cluster, at.topic, examine);
    const none = { retries: [], committed: [], discards: new Set<string>(), finishedJobs: new Set<string>() };
    return {
      standings: standingsOf({ letters, ...none }),
      warnings: [...trimmedWarning(at.topic, trimmed), ...strangerWarning(at.topic, letters)],
      topic: at.topic,
    };
  }
  const topic = deadLetterTopic(at.topology);
  const read = await readStandings(await portsToLook(open, at.topology), lettersOf(open, at.topology), examine);
  const warnings = [
    ...(read.knowsJobs || open.replays === undefined
      ? []
      : ["the store of replays does not answer: what was discarded is not known, and counts as open"]),
    ...trimmedWarning(topic, read.trimmed),
    ...(read.strangers > 0 ? [`${read.strangers} record(s) in the retry topic are not ours`] : []),
  ];
  return { standings: read.standings, warnings, topic };
};

/** A name that was mistyped has no letters, which is not what its operator asked. */
const refuseMissing = async <Config extends EngineConfig>(
  { cluster }: OpenDlq<Config>,
  topic: string,
): Promise<void> => {
  if ((await unlessMissing(() => cluster.endOffsets(topic), undefined)) !== undefined) return;
  throw new CliError(`there is no topic ${topic}`, {
    code: "NO_SUCH_TOPIC",
    exitCode: exitCodes.usage,
    fix: "Next: sluice dlq list --help",
  });
};

const strangerWarning = (topic: string, letters: readonly Letter[]): readonly string[] => {
  const strangers = letters.filter(({ dialect }) => dialect === "none").length;
  return strangers === 0
    ? []
    : [
        `${strangers} of ${letters.length} record(s) of ${topic} have no header of a dead letter: is it a topic of them?`,
      ];
};

const trimmedWarning = (topic: string, trimmed: bigint): readonly string[] =>
  trimmed > 0n
    ? [`${trimmed} record(s) at the beginning of ${topic} are not there any more: nothing is known of them`]
    : [];

/** How the same place is named on the next command line. */
export const placeOption = (at: LookAt): string =>
  "topic" in at ? `--topic ${at.topic}` : `--topology ${at.topology}`;

/** Selects; `at` is where the letters are from. @throws CliError with exit code 2 for a selection that means nothing */
export const selected = (standings: readonly Standing[], selection: Selection, at: LookAt): readonly Standing[] => {
  try {
    return selectLetters(standings, selection);
  } catch (cause) {
    if (!(cause instanceof BadSelection)) throw cause;
    throw new CliError(printable(cause.message), {
      code: cause.code,
      exitCode: exitCodes.usage,
      fix: `Next: sluice dlq groups ${placeOption(at)}, or sluice dlq list ${placeOption(at)} --state all`,
      cause,
    });
  }
};
