/** Puts schemas into the registry: `sluice topology apply` and `sluice schema evolve` do; workers and APIs never do. */
import type { AvroJson } from "../avro/avro.ts";
import { avscType } from "../avro/exact-types.ts";
import { confluentAdmin, type RegistryAdmin } from "./admin.ts";
import type { RegistryOptions } from "./http.ts";
import { subjectOf } from "../avro/topic.ts";

/**
 * Readers read every version that was ever written: dead letters and rewinds are old. So readers are deployed before
 * writers, and the registry compares with all versions, not with the last one.
 */
export const subjectLevel = "BACKWARD_TRANSITIVE";
/** What subjects had before, and what is raised; any other level is somebody's decision. */
export const raisedLevel = "BACKWARD";

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

/** Readers with this schema could not read what is written already. Nothing was registered. */
export class IncompatibleSchema extends Error {
  readonly code = "INCOMPATIBLE_SCHEMA";
  constructor(subject: string, why: string) {
    const said = why === "" ? "" : ` (${why})`;
    super(
      `the schema of ${subject} is not ${subjectLevel} compatible with those before it${said}; give new fields a default, or the record another name and topic`,
    );
  }
}

/** Somebody set another compatibility for a subject: it is theirs to change, nothing was done. */
export class OtherCompatibility extends Error {
  readonly code = "OTHER_COMPATIBILITY";
  constructor(subject: string, level: string) {
    super(
      `subject ${subject} has compatibility ${level}, expected ${subjectLevel}; set it in the registry, then apply again`,
    );
  }
}

/** The registry, or its client before it, does not take a schema for one at all, or takes none in its mode. */
export class SchemaRefused extends Error {
  readonly code = "SCHEMA_REFUSED";
  constructor(subject: string, why: string, options?: ErrorOptions) {
    super(`what is declared for ${subject} was not taken as an Avro schema: ${why}`, options);
  }
}

/**
 * Registers each topic's schema under its subject, in order, and has the registry check later ones against all versions.
 * Idempotent: what is there stays as it is, with its id. Refused, slow or cut off at any point: do it again.
 * @throws IncompatibleSchema @throws OtherCompatibility @throws SchemaRefused @throws RegistryUnavailable
 */
export const registerSchemas = async (
  options: RegistryOptions,
  topics: readonly Registrable[],
): Promise<readonly Registered[]> => {
  const admin = confluentAdmin(options);
  const registered: Registered[] = [];
  for (const topic of topics) registered.push(await registerSchema(admin, subjectOf(topic), topic.schema.avro));
  return registered;
};

/** Registers one schema, as {@link registerSchemas} does. */
export const registerSchema = async (admin: RegistryAdmin, subject: string, avro: AvroJson): Promise<Registered> => {
  try {
    avscType(avro);
  } catch (cause) {
    throw new SchemaRefused(subject, cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const level = await admin.level(subject);
  if (level !== null && level !== subjectLevel && level !== raisedLevel) throw new OtherCompatibility(subject, level);
  // Before it registers, or it would only compare with the last version. Some registries know no level of a subject
  // without versions.
  const raises = level === raisedLevel || (level === null && (await admin.versions(subject)).length > 0);
  if (raises) await admin.setLevel(subject, subjectLevel);
  const registration = await admin.register(subject, avro);
  if (registration.kind === "incompatible") throw new IncompatibleSchema(subject, registration.why);
  if (registration.kind === "refused") throw new SchemaRefused(subject, registration.why);
  return { subject, id: registration.id };
};
