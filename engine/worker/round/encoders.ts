/** The encoders of what a topology writes, and encoding by them. */
import type { Codec, Encoder } from "../../avro/codec.ts";
import { Fatal } from "../../errors.ts";
import { type Parts, writtenTopics } from "../../flow/parts.ts";
import type { StepEnvironment } from "../../interpreter/interpret.ts";

/** Encoders by topic name. */
export type Encoders = ReadonlyMap<string, Encoder<unknown>>;

/** One for each topic that a topology writes. @throws SchemaNotRegistered @throws RegistryUnavailable */
export const encodersOf = async (codec: Codec, parts: Parts): Promise<Encoders> => {
  const encoders = new Map<string, Encoder<unknown>>();
  for (const topic of writtenTopics(parts)) encoders.set(topic.name, await codec.encoder(topic));
  return encoders;
};

/** Encoding as the interpreter asks for it. @throws Fatal NO_ENCODER for a topic that the topology does not declare. */
export const encodeBy =
  (encoders: Encoders): StepEnvironment["encode"] =>
  ({ name }, value) => {
    const encode = encoders.get(name);
    if (encode === undefined) throw new Fatal("NO_ENCODER", `no encoder for topic ${name}`);
    return encode(value);
  };
