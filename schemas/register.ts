/** Registers schemas: the deploy step, `sluice topology apply`. Workers and APIs never do this. */
import { COMPATIBILITY, SchemaType } from "@kafkajs/confluent-schema-registry";
import { RegistryUnavailable, registryClient, type RegistryOptions } from "./registry.ts";
import { subjectOf, type Topic } from "./topic.ts";

/** A topic as far as registering goes. */
export type Registrable = Pick<Topic<never>, "name"> & { readonly schema: Pick<Topic<never>["schema"], "avro"> };

/** What was registered: the id that stands in the frame of every record. */
export interface RegisteredSubject {
  readonly subject: string;
  readonly id: number;
}

/** The registry refused a schema: consumers of older records, or older consumers, could not read it. */
export class SchemaIncompatible extends Error {
  readonly code = "SCHEMA_INCOMPATIBLE";
  constructor(subject: string, options: ErrorOptions) {
    super(`the registry refuses the schema of ${subject}: it is not compatible with the versions before it`, options);
  }
}

/**
 * Registers each topic's schema under its subject, with compatibility BACKWARD. Idempotent: a schema that is there keeps
 * its id. @throws SchemaIncompatible @throws RegistryUnavailable
 */
export const registerSchemas = async (
  options: RegistryOptions,
  topics: readonly Registrable[],
): Promise<readonly RegisteredSubject[]> => {
  const client = registryClient(options);
  const registered: RegisteredSubject[] = [];
  for (const topic of topics) {
    const subject = subjectOf(topic);
    const schema = { type: SchemaType.AVRO, schema: JSON.stringify(topic.schema.avro) } as const;
    try {
      const { id } = await client.register(schema, { subject, compatibility: COMPATIBILITY.BACKWARD });
      registered.push({ subject, id });
    } catch (cause) {
      // Confluent and Apicurio answer 409 with different codes in the body; the status is what they share.
      if ((cause as { status?: unknown }).status === 409) throw new SchemaIncompatible(subject, { cause });
      throw new RegistryUnavailable(`registering ${subject}`, { cause });
    }
  }
  return registered;
};
