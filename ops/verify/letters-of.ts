/** How the verifier reads letters of a topology: their group, and a decoder that answers at once. */
import { createCodec } from "../../engine/avro/codec.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import type { LettersOf } from "../../engine/dlq/ports.ts";
import { type LetterDecoder, letterDecoder, type ReadableTopic } from "../../engine/dlq/read/decode.ts";
import type { Config } from "../config.ts";

/** The letters of a topology. */
export const lettersOf = ({ groupPrefix }: Pick<Config, "groupPrefix">, topology: string): LettersOf => ({
  topology,
  group: `${groupPrefix}.${topology}`,
});

/** Reads values of a topic; a schema that the registry does not have is unknown at once. */
export const decoderOf = ({ registryUrl: url }: Pick<Config, "registryUrl">, topic: ReadableTopic): LetterDecoder => {
  const source = confluentRegistry({ url });
  return letterDecoder(createCodec({ source, now: () => performance.now(), unknownIdGraceMs: 0 }), [topic]);
};
