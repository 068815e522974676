/**
 * Records to bytes and back: the Confluent wire format (0x00, a 4-byte schema id, Avro binary).
 * Decoding is synchronous and never throws; resolvers are kept per writer and reader schema, because building one for
 * each record costs a factor of 300.
 */
import type avro from "avsc";
import { Poison } from "../errors.ts";
import type { AvroJson } from "./avro.ts";
import { avscType } from "./exact-types.ts";
import { firstSchemaId, frameBytes } from "./frame.ts";
import { type Asking, type AskingOptions, createAsking, createLearner, type Learned } from "./learn.ts";
import { subjectOf, subjectsOf, type Topic } from "./topic.ts";

/** What bytes turned out to be. */
export type Decoded<T> =
  | { readonly kind: "value"; readonly value: T }
  /** The writer's schema is not known here yet: `learn` it, then decode again. */
  | { readonly kind: "unknownSchema"; readonly id: number }
  /** These bytes will never be a value of this topic. */
  | { readonly kind: "malformed"; readonly why: string };

/** Reads one topic's values. */
export interface Decoder<T> {
  /** Total: any bytes of any length give an answer. */
  readonly decode: (bytes: Buffer | null) => Decoded<T>;
  /** Whether the writer's schema of this id is not known here yet. */
  readonly isUnknown: (id: number) => boolean;
  /** Fetches a writer's schema, if it is of the topic's subjects; concurrent calls share one request. Never throws. */
  readonly learn: (id: number) => Promise<Learned>;
  /** The subjects that an id which is not this topic's was registered for when it was asked for last. */
  readonly registeredFor: (id: number) => readonly string[] | undefined;
}

/** Writes one topic's values: an Avro body behind its frame. @throws EncodeFailed where a value is not of the schema. */
export type Encoder<T> = (value: T) => Buffer;

/** Encoders and decoders on one registry. */
export interface Codec {
  /**
   * Looks the schema's id up, once.
   * @throws SchemaNotRegistered until `sluice topology apply` has registered it. @throws RegistryUnavailable
   */
  readonly encoder: <T>(topic: Topic<T>) => Promise<Encoder<T>>;
  readonly decoder: <T>(topic: Topic<T>) => Decoder<T>;
}

/** A topic's schema is not in the registry; workers and APIs never register. */
export class SchemaNotRegistered extends Error {
  readonly code = "SCHEMA_NOT_REGISTERED";
  constructor(subject: string) {
    super(`the registry does not have the schema of subject ${subject}; run: sluice topology apply`);
  }
}

/** A value does not fit its topic's schema: a mistake of ours, found before it is written. */
export class EncodeFailed extends Poison {
  constructor(topic: string, options: ErrorOptions) {
    super("ENCODE_FAILED", `a value does not fit the schema of topic ${topic}`, options);
  }
}

/** What the codec is given. */
export type CodecOptions = AskingOptions;

/** Makes a codec. */
export const createCodec = (options: CodecOptions): Codec => {
  const asking = createAsking(options);
  return {
    encoder: async (topic) => {
      const subject = subjectOf(topic);
      const id = await options.source.idOf(subject, topic.schema.avro);
      if (id === undefined) throw new SchemaNotRegistered(subject);
      return encoderFor(topic, id);
    },
    decoder: (topic) => decoderFor(topic, asking),
  };
};

/** Bytes of a page that values are encoded into; it lives as long as one of them. */
const pageBytes = 16 * 1_024;

/** The encoder of a topic whose schema has this id. */
export const encoderFor = <T>(topic: Topic<T>, id: number): Encoder<T> => {
  const type = avscType(topic.schema.avro);
  // Values are written one behind the other, and each is a part of the page: no copy, and one object for each.
  let page = Buffer.alloc(0);
  let used = 0;
  const encode = (value: T): Buffer => {
    const start = used;
    const end = type.encode(value, page, start + frameBytes);
    if (end < 0) {
      // So many bytes are missing. A value that needs more than a page has one of its own.
      page = Buffer.alloc(Math.max(pageBytes, page.length - start - end));
      used = 0;
      return encode(value);
    }
    // A value that could not be encoded may have left its bytes here.
    page[start] = 0;
    page.writeInt32BE(id, start + 1);
    used = end;
    return page.subarray(start, end);
  };
  return (value) => {
    try {
      return encode(value);
    } catch (cause) {
      throw new EncodeFailed(topic.name, { cause });
    }
  };
};

const decoderFor = <T>(topic: Topic<T>, asking: Asking): Decoder<T> => {
  const reader = avscType(topic.schema.avro);
  const resolvers = new Map<number, Resolver>();
  const subjects = subjectsOf(topic);
  const learner = createLearner(asking, subjects, (id, writer) => resolvers.set(id, resolverOf(reader, writer)));
  const decode = (bytes: Buffer | null): Decoded<T> => {
    if (bytes === null) return malformed("the value is null");
    if (bytes.length < frameBytes) return malformed(`${bytes.length} bytes are too few for a frame of ${frameBytes}`);
    if (bytes[0] !== 0) return malformed(`it begins with byte ${bytes[0]}, expected 0`);
    const id = bytes.readInt32BE(1);
    if (id < firstSchemaId) return malformed(`it names schema ${id}, which no registry gives`);
    const resolver = resolvers.get(id);
    if (resolver === undefined) return { kind: "unknownSchema", id };
    if ("incompatible" in resolver) return malformed(resolver.incompatible);
    return read(reader, resolver, bytes);
  };
  return { decode, isUnknown: (id) => !resolvers.has(id), ...learner };
};

type Resolver = { readonly resolver: avro.Resolver } | { readonly incompatible: string };

const read = <T>(reader: avro.Type, { resolver }: { readonly resolver: avro.Resolver }, bytes: Buffer): Decoded<T> => {
  try {
    // Behind the frame, without a Buffer of its own.
    const { value, offset } = reader.decode(bytes, frameBytes, resolver);
    if (offset < 0) return malformed("truncated buffer");
    if (offset < bytes.length) return malformed("trailing data");
    // The resolver ends in the reader's schema, which is the schema `T` was inferred from.
    return { kind: "value", value: value as T };
  } catch (error) {
    return malformed(whyOf(error));
  }
};

/** avsc looks up a union's branch or an enum's symbol without asking whether it is there. */
const whyOf = (error: unknown): string => {
  if (error instanceof TypeError && error.message.startsWith("Cannot read properties"))
    return "its bytes name a branch or a symbol that their schema does not have";
  return error instanceof Error ? error.message : String(error);
};

const malformed = (why: string): { readonly kind: "malformed"; readonly why: string } => ({ kind: "malformed", why });

const resolverOf = (reader: avro.Type, writer: AvroJson): Resolver => {
  try {
    return { resolver: reader.createResolver(avscType(writer)) };
  } catch (error) {
    return { incompatible: `its writer's schema cannot be read: ${error instanceof Error ? error.message : error}` };
  }
};
