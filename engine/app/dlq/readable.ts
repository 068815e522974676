/** Which letters the present schemas read: noted while they are read, so that no value is kept. */
import { RegistryUnavailable } from "../../registry/http.ts";
import { hasOwnBytes, type Letter } from "../../dlq/letters/letter.ts";
import type { LetterDecoder, Reading } from "../../dlq/read/decode.ts";
import type { Examine } from "../../dlq/read/read-standings.ts";

/** Notes, and answers afterwards. */
export interface ReadableLetters {
  readonly examine: Examine;
  /** Undefined where that is not known: its bytes are elsewhere, or the registry did not answer. */
  readonly isReadable: (letter: Letter) => boolean | undefined;
  /** Whether the registry did not answer. */
  readonly isRegistryAway: () => boolean;
}

/** Asks the registry once for each schema; where it does not answer, no more. */
export const readableLetters = ({ decoder }: { readonly decoder: LetterDecoder }): ReadableLetters => {
  const unreadable = new Set<Letter>();
  let isAway = false;
  const noteReading = (letter: Letter, reading: Reading): void => {
    if (reading.kind === "unreadable") unreadable.add(letter);
  };
  const noteLater = async (letter: Letter, reading: Promise<Reading>): Promise<void> => {
    try {
      noteReading(letter, await reading);
    } catch (error) {
      if (!(error instanceof RegistryUnavailable)) throw error;
      isAway = true;
    }
  };
  return {
    examine: (letter, { value }) => {
      if (isAway || !hasOwnBytes(letter)) return undefined;
      const reading = decoder.read(letter.origin.topic, value);
      // Most are read at once: a hundred thousand waits take longer than the reading.
      return reading instanceof Promise ? noteLater(letter, reading) : noteReading(letter, reading);
    },
    isReadable: (letter) => (isAway || !hasOwnBytes(letter) ? undefined : !unreadable.has(letter)),
    isRegistryAway: () => isAway,
  };
};

/** What is said where the registry did not answer. */
export const registryAway = "the registry does not answer: what is readable is not known";
