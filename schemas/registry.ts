/** What the codec needs of a schema registry, and the Confluent-compatible one. Nothing here registers. */
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import type { AvroJson } from "./avro.ts";

/** A registry, as those see it who read and write records. */
export interface SchemaSource {
  /** The schema with this id; undefined where the registry answered that it has none. @throws RegistryUnavailable */
  readonly schemaOf: (id: number) => Promise<AvroJson | undefined>;
  /** The id of this schema under a subject; undefined where it is not registered. @throws RegistryUnavailable */
  readonly idOf: (subject: string, schema: AvroJson) => Promise<number | undefined>;
}

/** The registry did not answer, or not with an answer: refused, timed out, 5xx. Ask again later. */
export class RegistryUnavailable extends Error {
  readonly code = "REGISTRY_UNAVAILABLE";
  constructor(what: string, options: ErrorOptions) {
    super(`the schema registry did not answer (${what}); is SLUICE_REGISTRY_URL right, is it up?`, options);
  }
}

/** How to reach a registry. `url` is the base of its Confluent-compatible API. */
export interface RegistryOptions {
  readonly url: string;
  /** Longest wait for one answer; without it a hanging registry never times out. Default 3,000. */
  readonly timeoutMs?: number;
}

/** The client, set up so that every call ends. */
export const registryClient = ({ url, timeoutMs = 3_000 }: RegistryOptions): SchemaRegistry =>
  new SchemaRegistry({
    host: url.replace(/\/+$/, ""),
    // The callers retry, with their own clock. The client's options leak into later instances, so all say the same.
    retry: { retries: 0 },
    middlewares: [() => ({ prepareRequest: async (next) => (await next()).enhance({ timeout: timeoutMs }) })],
  });

/** A {@link SchemaSource} on a Confluent-compatible registry. Ids are immutable, so callers keep what they learn. */
export const confluentRegistry = (options: RegistryOptions): SchemaSource => {
  const client = registryClient(options);
  return {
    schemaOf: (id) => orUnknown(`schema ${id}`, async () => avroOf(await client.getSchema(id))),
    idOf: (subject, schema) =>
      orUnknown(`id under ${subject}`, () =>
        client.getRegistryIdBySchema(subject, { type: SchemaType.AVRO, schema: JSON.stringify(schema) }),
      ),
  };
};

/**
 * Only a 404 with a Confluent "not found" body is an answer. The client reports refused connections and time-outs as
 * status 400, so no other 4xx may be taken for one either.
 */
const orUnknown = async <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return undefined;
    throw new RegistryUnavailable(what, { cause: error });
  }
};

// The client answers a parsed avsc type; its `schema()` is the JSON it was made of.
const avroOf = (schema: unknown): AvroJson =>
  JSON.parse(JSON.stringify((schema as { schema: (options: object) => unknown }).schema({ exportAttrs: true })));
