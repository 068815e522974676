/** How the verifier reads values, and letters of a topology: by a decoder that answers at once, and their group. */
import { codecOf } from "../../engine/app/dlq/open.ts";
import type { LettersOf } from "../../engine/dlq/ports.ts";
import { type LetterDecoder, letterDecoder, type ReadableTopic } from "../../engine/dlq/read/decode.ts";
import type { Config } from "../config.ts";

/** The letters of a topology. */
export const lettersOf = ({ groupPrefix }: Pick<Config, "groupPrefix">, topology: string): LettersOf => ({
  topology,
  group: `${groupPrefix}.${topology}`,
});

/** Reads values of a topic. */
export const decoderOf = (config: Pick<Config, "registryUrl">, topic: ReadableTopic): LetterDecoder =>
  letterDecoder(codecOf(config), [topic]);
