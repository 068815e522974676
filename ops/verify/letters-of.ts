/** How the verifier reads values, and letters of a topology: by a decoder that answers at once, and their group. */
import { type Codec, createCodec } from "../../engine/avro/codec.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import type { LettersOf } from "../../engine/dlq/ports.ts";
import { type LetterDecoder, letterDecoder, type ReadableTopic } from "../../engine/dlq/read/decode.ts";
import type { Config } from "../config.ts";

/** The letters of a topology. */
export const lettersOf = ({ groupPrefix }: Pick<Config, "groupPrefix">, topology: string): LettersOf => ({
  topology,
  group: `${groupPrefix}.${topology}`,
});

/** A codec to which a schema that the registry does not have is unknown at once: nothing here waits for one. */
export const codecOf = ({ registryUrl: url }: Pick<Config, "registryUrl">): Codec =>
  createCodec({ source: confluentRegistry({ url }), now: () => performance.now(), unknownIdGraceMs: 0 });

/** Reads values of a topic. */
export const decoderOf = (config: Pick<Config, "registryUrl">, topic: ReadableTopic): LetterDecoder =>
  letterDecoder(codecOf(config), [topic]);
