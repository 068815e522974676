/** Puts schemas into the registry: `sluice topology apply` does, before anything runs; workers and APIs never do. */
import { COMPATIBILITY, SchemaType } from "@kafkajs/confluent-schema-registry";
import type { AvroJson } from "./avro.ts";
import { defaultTimeoutMs, inTime, type RegistryOptions, RegistryUnavailable, registryClient } from "./registry.ts";
import { subjectOf } from "./topic.ts";

/** New readers read old records, so readers are deployed before writers: workers before the API. */
const level = COMPATIBILITY.BACKWARD;

/** What of a topic is registered: its schema, under its subject. */
export interface Registrable {
  readonly name: string;
  readonly schema: { readonly avro: AvroJson };
}

/** A schema that is in the registry. */
export interface Registered {
  readonly subject: string;
  readonly id: number;
}

/** Readers with this schema could not read what is written already. Nothing was changed. */
export class IncompatibleSchema extends Error {
  readonly code = "INCOMPATIBLE_SCHEMA";
  constructor(subject: string, { cause }: { readonly cause: unknown }) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `the schema of ${subject} is not ${level} compatible with the one before it (${why}); give new fields a default, or the record another name and topic`,
      { cause },
    );
  }
}

/** Somebody set another compatibility for a subject: it is theirs to change, nothing was done. */
export class OtherCompatibility extends Error {
  readonly code = "OTHER_COMPATIBILITY";
  constructor(subject: string, options: ErrorOptions) {
    super(`subject ${subject} does not have compatibility ${level}; set it in the registry, then apply again`, options);
  }
}

/** The registry, or its client before it, does not take a schema for one at all. */
export class SchemaRefused extends Error {
  readonly code = "SCHEMA_REFUSED";
  constructor(subject: string, options: ErrorOptions) {
    super(`what is declared for ${subject} is no valid Avro schema`, options);
  }
}

/**
 * Registers each topic's schema under its subject, in order, and has the registry check later ones for BACKWARD
 * compatibility. Idempotent: what is there stays as it is, with its id. Refused, slow or cut off at any point: apply again.
 * @throws IncompatibleSchema @throws OtherCompatibility @throws SchemaRefused @throws RegistryUnavailable
 */
export const registerSchemas = async (
  options: RegistryOptions,
  topics: readonly Registrable[],
): Promise<readonly Registered[]> => {
  const client = registryClient(options);
  const registered: Registered[] = [];
  for (const topic of topics) {
    const subject = subjectOf(topic);
    const schema = { type: SchemaType.AVRO, schema: JSON.stringify(topic.schema.avro) } as const;
    try {
      const call = client.register(schema, { subject, compatibility: level });
      const { id } = await inTime(call, requestsEach * (options.timeoutMs ?? defaultTimeoutMs));
      registered.push({ subject, id });
    } catch (cause) {
      throw refusal(subject, cause);
    }
  }
  return registered;
};

// The client asks for the level, registers, and sets the level.
const requestsEach = 3;

const refusal = (subject: string, cause: unknown): Error => {
  const { status, name } = cause as { readonly status?: unknown; readonly name?: unknown };
  if (status === 409) return new IncompatibleSchema(subject, { cause });
  if (status === 422 || name === "ConfluentSchemaRegistryArgumentError") return new SchemaRefused(subject, { cause });
  if (name === "ConfluentSchemaRegistryCompatibilityError") return new OtherCompatibility(subject, { cause });
  return new RegistryUnavailable(`registering ${subject}`, { cause });
};
