/** What the codec needs of a schema registry, and the Confluent-compatible one. Nothing here registers. */
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { z } from "zod";
import type { AvroJson } from "../avro/avro.ts";
import { avscType } from "../avro/exact-types.ts";
import { defaultTimeoutMs, type RegistryOptions, unavailableBy } from "./http.ts";
import { ForeignSchema } from "./foreign-schema.ts";
import { registryDoor } from "./request.ts";
import { subjectsIn } from "./subjects-of.ts";

/** A registry, as those see it who read and write records. */
export interface SchemaSource {
  /**
   * The Avro schema with this id, where it is a version of one of these subjects; undefined where the registry answered that it
   * has none. @throws RegistryUnavailable
   */
  readonly schemaOf: (id: number, subjects: readonly string[]) => Promise<AvroJson | ForeignSchema | undefined>;
  /** The id of this schema under a subject; undefined where it is not registered. @throws RegistryUnavailable */
  readonly idOf: (subject: string, schema: AvroJson) => Promise<number | undefined>;
}

/** Is given what the registry answered to a question for one schema. */
type Listener = (id: unknown, answer: unknown) => void;

/** The client, set up so that every request ends and only a registry's answers count. Each call needs {@link inTime} too. */
export const registryClient = (
  { url, timeoutMs = defaultTimeoutMs }: RegistryOptions,
  listener: Listener = () => {},
): SchemaRegistry => {
  const { base, agent, headers } = registryDoor(url);
  return new SchemaRegistry({
    host: base,
    ...(agent === undefined ? {} : { agent }),
    // The callers retry, with their own clock. The client's options leak into later instances, so all say the same.
    retry: { retries: 0 },
    middlewares: [
      () => ({
        // The client's own timeout starts again with every byte.
        prepareRequest: async (next) =>
          (await next()).enhance({ signal: AbortSignal.timeout(timeoutMs), headers: headers() }),
        response: async (next) => {
          const response = await next();
          if (!isRegistryAnswer(response.data())) throw new TypeError("what answered is no schema registry");
          if (!hasReadableReferences(response.data())) throw new UnreadableReferences();
          listener(response.request().params()["id"], response.data());
          return response;
        },
      }),
    ],
  });
};

// A login page of a proxy is answered with 200 too.
const isRegistryAnswer = (body: unknown): boolean => {
  if (typeof body !== "object" || body === null) return false;
  const { schema, id, compatibility, compatibilityLevel } = body as Readonly<Record<string, unknown>>;
  return [schema, compatibility, compatibilityLevel].some((text) => typeof text === "string") || Number.isInteger(id);
};

/** A schema refers to others in a way that no registry has. */
class UnreadableReferences extends Error {
  constructor() {
    super("the schema refers to others without saying which");
  }
}

const references = z.array(z.looseObject({ subject: z.string().min(1), version: z.int() })).nullish();

// The client asks for each of them, and where one names nothing, rejects a promise that nobody has: the process would end.
const hasReadableReferences = (body: unknown): boolean =>
  references.safeParse((body as { readonly references?: unknown }).references).success;

/** Nothing came of a call for so long that nothing will. */
export class NoAnswerInTime extends Error {
  readonly code = "NO_ANSWER_IN_TIME";
  constructor(timeoutMs: number) {
    super(`no answer for ${timeoutMs} ms`);
  }
}

/** Ends the wait for a call of the client, which never settles where its answer is cut off. @throws NoAnswerInTime */
export const inTime = async <T>(call: Promise<T>, timeoutMs: number): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswerInTime(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([call, promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** A {@link SchemaSource} on a Confluent-compatible registry. Ids are immutable, so callers keep what they learn. */
export const confluentRegistry = (options: RegistryOptions): SchemaSource => {
  const { timeoutMs = defaultTimeoutMs } = options;
  // As many as the client keeps schemas, and that is all that were ever asked for.
  const texts = new Map<unknown, string>();
  const newClient = (): SchemaRegistry =>
    registryClient(options, (id, answer) => {
      const text = wholeText(answer);
      if (text !== undefined) texts.set(id, text);
    });
  let client = newClient();
  const subjectsWith = subjectsIn(options);
  const ask = async <T>(what: string, call: () => Promise<T | undefined>): Promise<T | undefined> => {
    try {
      return await inTime(call(), timeoutMs);
    } catch (error) {
      // The client would answer the next question for the same id with the call that never settles.
      if (error instanceof NoAnswerInTime) client = newClient();
      if (saysThereIsNone(error)) return undefined;
      throw unavailableBy(what, error);
    }
  };
  return {
    // Its subjects first: an id that is not there, or not this topic's, costs one request and no memory.
    schemaOf: async (id, subjects) => {
      const found = await subjectsWith(id);
      if (!found.some((subject) => subjects.includes(subject)))
        return found.length === 0 ? undefined : new ForeignSchema(found);
      return ask(`schema ${id}`, async () => avroOf(await client.getSchema(id), texts.get(id)));
    },
    idOf: (subject, schema) =>
      ask(`id under ${subject}`, () =>
        client.getRegistryIdBySchema(subject, { type: SchemaType.AVRO, schema: JSON.stringify(schema) }),
      ),
  };
};

/**
 * Is this failure of the client an answer? Two kinds are: the registry's own "not found", and a schema that is no Avro, by itself
 * or with what it refers to.
 * No other 4xx, because the client reports refused connections and time-outs as 400; and no 404 without a registry's
 * message, because a wrong path has that too. Where there was no message the client writes "Error, status 404", and
 * for a schema asked by its text it keeps nothing but that text: there is nothing else to tell by.
 */
const saysThereIsNone = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof UnreadableReferences) return true;
  const notFound = "status" in error ? error.status === 404 : error.name === "ConfluentSchemaRegistryError";
  return (notFound && !error.message.includes("Error, status 404")) || unreadable.has(error.name);
};

// Thrown for an answer that is a schema, as `isRegistryAnswer` has seen, but none that can be read.
const unreadable: ReadonlySet<string> = new Set([
  "ConfluentSchemaRegistryArgumentError",
  "ConfluentSchemaRegistryInvalidSchemaError",
]);

/** A schema as it was registered. Undefined where it names others that are kept elsewhere, and is no schema by itself. */
const wholeText = (answer: unknown): string | undefined => {
  const { schema, references } = answer as { readonly schema?: unknown; readonly references?: unknown };
  const hasReferences = Array.isArray(references) && references.length > 0;
  return typeof schema === "string" && !hasReferences ? schema : undefined;
};

/**
 * The client answers a parsed avsc type, and schemas of other kinds answer something else. The text is what was registered:
 * the type's own `schema()` leaves out logical types, and microseconds would be read as milliseconds.
 */
const avroOf = (schema: unknown, text: string | undefined): AvroJson | undefined => {
  const { schema: toJson } = schema as { readonly schema?: unknown };
  if (typeof toJson !== "function") return undefined;
  return JSON.parse(text ?? JSON.stringify(toJson.call(schema, { exportAttrs: true })));
};

/** A schema as registries write it: its text, and its kind where that is not Avro. */
export const writtenSchema = z.looseObject({ schema: z.string(), schemaType: z.string().default("AVRO") });

/** The Avro in a registry's answer; undefined where it is of another kind, or none that can be read. */
export const avroIn = ({ schema, schemaType }: z.infer<typeof writtenSchema>): AvroJson | undefined => {
  if (schemaType !== "AVRO") return undefined;
  try {
    const avro: AvroJson = JSON.parse(schema);
    avscType(avro);
    return avro;
  } catch {
    return undefined;
  }
};
