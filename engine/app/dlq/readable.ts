/** What the present schemas make of letters: noted while they are read, so that no value is kept. */
import { RegistryUnavailable, registryTrouble } from "../../registry/http.ts";
import { hasOwnBytes, type Letter } from "../../dlq/letters/letter.ts";
import type { LetterDecoder, Reading } from "../../dlq/read/decode.ts";
import type { LogRecord } from "../../log/log.ts";
import type { Examine } from "../../dlq/read/read-standings.ts";

/** Reads letters as they come. */
export interface LetterReading {
  /** Of letters that have their own bytes. */
  readonly examine: Examine;
  /** Where the registry did not answer, or refused us, that: what was not noted by then is not known. */
  readonly registryFailure: () => RegistryUnavailable | undefined;
}

/** Gives each letter's reading to `noted`. Asks the registry once for each schema; where it tells nothing, no more. */
export const readingLetters = (
  decoder: LetterDecoder,
  noted: (letter: Letter, record: LogRecord, reading: Reading) => void,
): LetterReading => {
  let failure: RegistryUnavailable | undefined;
  const noteLater = async (letter: Letter, record: LogRecord, reading: Promise<Reading>): Promise<void> => {
    try {
      noted(letter, record, await reading);
    } catch (error) {
      if (!(error instanceof RegistryUnavailable)) throw error;
      failure = error;
    }
  };
  return {
    examine: (letter, record) => {
      if (failure !== undefined || !hasOwnBytes(letter)) return undefined;
      const reading = decoder.read(letter.origin.topic, record.value);
      // Most are read at once: a hundred thousand waits take longer than the reading.
      return reading instanceof Promise ? noteLater(letter, record, reading) : noted(letter, record, reading);
    },
    registryFailure: () => failure,
  };
};

/** Notes which letters the present schemas read, and answers afterwards. */
export interface ReadableLetters extends LetterReading {
  /** Undefined where that is not known: its bytes are elsewhere, or the registry told nothing. */
  readonly isReadable: (letter: Letter) => boolean | undefined;
}

/** Letters that are read. */
export const readableLetters = ({ decoder }: { readonly decoder: LetterDecoder }): ReadableLetters => {
  const unreadable = new Set<Letter>();
  const reading = readingLetters(decoder, (letter, _record, { kind }) => {
    if (kind === "unreadable") unreadable.add(letter);
  });
  return {
    ...reading,
    isReadable: (letter) =>
      reading.registryFailure() !== undefined || !hasOwnBytes(letter) ? undefined : !unreadable.has(letter),
  };
};

/** What is said where the registry told nothing. */
export const readableUnknown = (error: RegistryUnavailable): string =>
  `${registryTrouble(error)}: what is readable is not known`;
