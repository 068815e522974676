/** Reads the values of letters with the present schemas of the topics they came from. */
import type { AvroJson } from "../../avro/avro.ts";
import type { Codec, Decoder } from "../../avro/codec.ts";
import { RegistryRefused, RegistryUnavailable } from "../../registry/http.ts";
import { topic, type Topic } from "../../avro/topic.ts";

/** What a letter's bytes are now. */
export type Reading =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "unreadable"; readonly why: string };

/** Reads values by the topic they came from. At once, but where a writer's schema has to be asked for. */
export interface LetterDecoder {
  /** @throws RegistryUnavailable where a writer's schema is not known and the registry does not answer */
  readonly read: (topic: string, value: Buffer | null) => Reading | Promise<Reading>;
}

/** A topic, as its values are read. */
export interface ReadableTopic {
  readonly name: string;
  readonly schema: { readonly avro: AvroJson };
  readonly otherSubjects?: readonly string[];
}

/** Of these topics. The codec has to answer at once that an id is unknown: nothing here waits for a registry that lags. */
export const letterDecoder = (codec: Codec, topics: readonly ReadableTopic[]): LetterDecoder => {
  const decoders = new Map(topics.map((one) => [one.name, codec.decoder(untyped(one))]));
  return {
    read: (name, value) => {
      const decoder = decoders.get(name);
      if (decoder === undefined) return unreadable(`no topology here reads ${name}`);
      const decoded = decoder.decode(value);
      if (decoded.kind === "unknownSchema") return readLearning(decoder, decoded.id, value);
      return decoded.kind === "malformed" ? unreadable(decoded.why) : decoded;
    },
  };
};

const readLearning = async (decoder: Decoder<unknown>, id: number, value: Buffer | null): Promise<Reading> => {
  const learned = await decoder.learn(id);
  if (learned === "refused") throw new RegistryRefused(`schema ${id}`, {});
  if (learned === "unavailable" || learned === "awaited") throw new RegistryUnavailable(`schema ${id}`, {});
  if (learned === "unknown") return unreadable(`the registry has no schema ${id}`);
  const decoded = decoder.decode(value);
  if (decoded.kind === "value") return decoded;
  return unreadable(decoded.kind === "malformed" ? decoded.why : `schema ${id} was learned and is not known`);
};

/**
 * As `read`, and where the registry is away, that: for showing a letter, of which all else is known, and which is looked at when
 * things are broken. Nothing may be decided by it.
 */
export const readOrWhy = async (decoder: LetterDecoder, topic: string, value: Buffer | null): Promise<Reading> => {
  try {
    return await decoder.read(topic, value);
  } catch (error) {
    if (!(error instanceof RegistryUnavailable)) throw error;
    return unreadable(error.message);
  }
};

const unreadable = (why: string): Reading => ({ kind: "unreadable", why });

/** Only to read and write values: nothing is keyed by it. */
export const untyped = ({ name, schema: { avro }, otherSubjects = [] }: ReadableTopic): Topic<unknown> =>
  topic<unknown>(name, { name, avro }, { key: () => "", id: () => "", otherSubjects });
