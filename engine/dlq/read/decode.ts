/** Reads the values of letters with the present schemas of the topics they came from. */
import type { AvroJson } from "../../avro/avro.ts";
import type { Codec } from "../../avro/codec.ts";
import { readValue, type ValueRead } from "../../avro/read-value.ts";
import { RegistryUnavailable } from "../../registry/http.ts";
import { topic, type Topic } from "../../avro/topic.ts";

/** What a letter's bytes are now. */
export type Reading = ValueRead<unknown>;

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
      return decoder === undefined ? unreadable(`no topology here reads ${name}`) : readValue(decoder, value);
    },
  };
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
