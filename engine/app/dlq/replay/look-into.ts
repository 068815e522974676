/** Reads the bytes of letters once more, where reading the dead letters has not said what would become of them. */
import type { Prospect, prospects } from "../../../dlq/plan/prospect.ts";
import { hasOwnBytes, idText, type Letter } from "../../../dlq/letters/letter.ts";
import type { Standing } from "../../../dlq/letters/state.ts";
import { fetchLetters } from "../../../dlq/run/fetch-letters.ts";
import type { Transform } from "../../../dlq/run/send.ts";
import type { LogRecord } from "../../../log/log.ts";
import { RegistryUnavailable, registryTrouble } from "../../../registry/http.ts";
import { CliError, describeError } from "../../cli.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import type { OpenDlq } from "../open.ts";
import { cell } from "../words.ts";

/** Of a plan, which must not guess. */
export const notKnown = (error: RegistryUnavailable): CliError =>
  new CliError(`${registryTrouble(error)}: which letters can be read is not known; nothing was changed`, {
    code: error.code,
    fix: "Next: sluice doctor",
    cause: error,
  });

/** Letters whose bytes are looked at together: at most 2 MiB each. */
const lettersAtOnce = 100;

/** Shows the bytes of letters that may be replayed, some at a time. @throws Unavailable */
export const eachRecord = async <Config extends EngineConfig>(
  { cluster }: OpenDlq<Config>,
  letters: readonly Letter[],
  see: (letter: Letter, record: LogRecord) => Promise<void> | void,
): Promise<void> => {
  for (let at = 0; at < letters.length; at += lettersAtOnce) {
    const some = letters.slice(at, at + lettersAtOnce);
    const records = await fetchLetters(cluster, some);
    for (const letter of some) {
      const record = records.get(idText(letter.place));
      if (record !== undefined) await see(letter, record);
    }
  }
};

/** Open letters whose bytes have to be read once more: those that are kept elsewhere, and all where they are transformed. */
export const lettersToLookInto = (chosen: readonly Standing[], transform: Transform | undefined): readonly Letter[] =>
  chosen.flatMap(({ letter, state }) =>
    state === "open" && letter.flaws.length === 0 && (transform !== undefined || !hasOwnBytes(letter)) ? [letter] : [],
  );

/** What was found in letters. */
export interface LookedInto {
  /** What would become of them; those that are gone are missing. */
  readonly prospects: ReadonlyMap<Letter, Prospect>;
  /** What the transform failed at: the first letter and why, and how many there were, in a sentence. */
  readonly warnings: readonly string[];
}

/**
 * What would become of them, as they are or as they are transformed.
 * @throws CliError (REGISTRY_UNAVAILABLE, REGISTRY_REFUSED)
 */
export const lookInto = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  letters: readonly Letter[],
  { judge, transform }: { readonly judge: ReturnType<typeof prospects>; readonly transform: Transform | undefined },
): Promise<LookedInto> => {
  const found = new Map<Letter, Prospect>();
  const failures: { readonly letter: Letter; readonly error: unknown }[] = [];
  await eachRecord(open, letters, async (letter, record) => {
    const { topic } = letter.origin;
    try {
      const value = transform === undefined ? record.value : await transform(letter, record);
      // Without what the fetched record knows of its size: that is of the value before.
      const { key, headers, offset, timestampMs } = record;
      const made = { key, value, headers, offset, timestampMs };
      found.set(letter, judge(topic, made, await open.decoder.read(topic, value)));
    } catch (error) {
      if (error instanceof RegistryUnavailable) throw notKnown(error);
      if (transform === undefined) throw error;
      found.set(letter, "unreadable");
      failures.push({ letter, error });
    }
  });
  return { prospects: found, warnings: failureWarning(failures) };
};

/** Whoever wrote the transform has to know what to mend in it; what it throws may have a value in it. */
export const failureWarning = (
  failures: readonly { readonly letter: Pick<Letter, "origin">; readonly error: unknown }[],
): readonly string[] => {
  const [first] = failures;
  if (first === undefined) return [];
  const { message } = describeError(first.error);
  return [
    `the transform failed at ${failures.length} letter(s), first at ${idText(first.letter.origin)}: ${cell(message, 500)}`,
  ];
};
