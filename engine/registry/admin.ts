/** What is asked of a schema registry about subjects, and what changes them; over its Confluent-compatible API. */
import { z } from "zod";
import type { AvroJson } from "../avro/avro.ts";
import { COMPATIBILITY, SchemaType } from "@kafkajs/confluent-schema-registry";
import { avroIn, inTime, registryClient, writtenSchema } from "./registry.ts";
import { type Answer, defaultTimeoutMs, registryHttp, RegistryUnavailable, type RegistryOptions } from "./http.ts";

/** A version of a subject as the registry has it. */
export interface RegisteredVersion {
  readonly version: number;
  readonly id: number;
  /** Undefined where it is of another kind (Protobuf, JSON Schema), or no Avro that can be read. */
  readonly avro: AvroJson | undefined;
}

/** How a registration ended. */
export type Registration =
  | { readonly kind: "registered"; readonly id: number }
  /** 409: readers could not read what is there. `why` may be empty: registries differ in what they say. */
  | { readonly kind: "incompatible"; readonly why: string }
  /** It takes this for no valid schema, takes none at all in its mode, or has another level. */
  | { readonly kind: "refused"; readonly why: string };

/** Subjects of a registry. Every method @throws RegistryUnavailable; each is one request, and asking again is safe. */
export interface RegistryAdmin {
  /** Versions that are not deleted, ascending; none for a subject that is not there. */
  readonly versions: (subject: string) => Promise<readonly number[]>;
  /** Undefined where there is no such version. */
  readonly version: (subject: string, version: number) => Promise<RegisteredVersion | undefined>;
  /** Where exactly this text is registered under the subject; undefined where it is not. */
  readonly lookup: (
    subject: string,
    avro: AvroJson,
  ) => Promise<{ readonly version: number; readonly id: number } | undefined>;
  /**
   * The registry's own verdict on a schema beside one version, in the direction of the subject's level; undefined where
   * there is no such version. Its messages may be missing, so only the verdict counts.
   */
  readonly isCompatible: (subject: string, version: number, avro: AvroJson) => Promise<boolean | undefined>;
  /** The level that was set for the subject, in capitals; null where none was. */
  readonly level: (subject: string) => Promise<string | null>;
  readonly setLevel: (subject: string, level: string) => Promise<void>;
  /** `READWRITE` or another; null where the registry knows no modes. */
  readonly mode: (subject: string) => Promise<string | null>;
  /**
   * Registers the text as it is, and sets the level to BACKWARD_TRANSITIVE where none is set; the same text again gets the
   * same id. Cut off: `lookup`, then register again.
   */
  readonly register: (subject: string, avro: AvroJson) => Promise<Registration>;
}

const numbers = z.array(z.int());
const place = z.looseObject({ version: z.int(), id: z.int() });
const versionShape = writtenSchema.extend({ version: z.int(), id: z.int() });
const verdict = z.looseObject({ is_compatible: z.boolean() });
// Registries answer a level under one name or the other.
const levels = z
  .union([z.looseObject({ compatibilityLevel: z.string() }), z.looseObject({ compatibility: z.string() })])
  .transform((body) => String("compatibilityLevel" in body ? body.compatibilityLevel : body.compatibility));
const modes = z.looseObject({ mode: z.string() });

/** Subjects of a Confluent-compatible registry. */
export const confluentAdmin = (options: RegistryOptions): RegistryAdmin => {
  const ask = registryHttp(options);
  const at = (subject: string): string => `subjects/${encodeURIComponent(subject)}`;
  const about = (subject: string): string => `subject ${subject}`;
  const textOf = (avro: AvroJson) => ({ schema: JSON.stringify(avro) });
  return {
    versions: async (subject) => {
      const answer = await ask(numbers, { about: about(subject), path: `${at(subject)}/versions` });
      return (foundIn(subject, answer) ?? []).toSorted((a, b) => a - b);
    },
    version: async (subject, version) => {
      const path = `${at(subject)}/versions/${version}`;
      const found = foundIn(subject, await ask(versionShape, { about: about(subject), path }));
      return found && { version: found.version, id: found.id, avro: avroIn(found) };
    },
    lookup: async (subject, avro) => {
      const question = { about: about(subject), path: at(subject), method: "POST", body: textOf(avro) } as const;
      const found = foundIn(subject, await ask(place, question));
      return found && { version: found.version, id: found.id };
    },
    isCompatible: async (subject, version, avro) => {
      const path = `compatibility/${at(subject)}/versions/${version}`;
      const answer = await ask(verdict, { about: about(subject), path, method: "POST", body: textOf(avro) });
      // A schema that the registry takes for none is not one that it would take.
      return answer.kind === "refused" ? false : foundIn(subject, answer)?.is_compatible;
    },
    level: async (subject) => {
      // Not a default of all subjects: only a level of its own is somebody's decision.
      const path = `config/${encodeURIComponent(subject)}?defaultToGlobal=false`;
      return foundIn(subject, await ask(levels, { about: about(subject), path }))?.toUpperCase() ?? null;
    },
    setLevel: async (subject, level) => {
      const path = `config/${encodeURIComponent(subject)}`;
      const body = { compatibility: level };
      const answer = await ask(levels, { about: about(subject), path, method: "PUT", body });
      if (foundIn(subject, answer) === undefined) throw new RegistryUnavailable(about(subject), { cause: answer });
    },
    mode: async (subject) => {
      const path = `mode/${encodeURIComponent(subject)}?defaultToGlobal=true`;
      return foundIn(subject, await ask(modes, { about: about(subject), path }))?.mode.toUpperCase() ?? null;
    },
    register: (subject, avro) => register(options, subject, avro),
  };
};

/** The client asks for the level, registers, and sets the level. */
const requestsEach = 3;

const register = async (options: RegistryOptions, subject: string, avro: AvroJson): Promise<Registration> => {
  const client = registryClient(options);
  const schema = { type: SchemaType.AVRO, schema: JSON.stringify(avro) } as const;
  try {
    const call = client.register(schema, { subject, compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE });
    const { id } = await inTime(call, requestsEach * (options.timeoutMs ?? defaultTimeoutMs));
    return { kind: "registered", id };
  } catch (cause) {
    const { status, name } = cause as { readonly status?: unknown; readonly name?: unknown };
    const why = cause instanceof Error ? cause.message : String(cause);
    if (status === 409) return { kind: "incompatible", why };
    if (status === 422 || isRefusal(name)) return { kind: "refused", why };
    throw new RegistryUnavailable(`registering ${subject}`, { cause });
  }
};

// The client's own: it makes a type of the schema first, and compares the level.
const isRefusal = (name: unknown): boolean =>
  name === "ConfluentSchemaRegistryArgumentError" || name === "ConfluentSchemaRegistryCompatibilityError";

/** What was found; undefined for none. A refusal that is expected nowhere is no answer to what was asked. */
const foundIn = <T>(subject: string, answer: Answer<T>): T | undefined => {
  if (answer.kind === "refused")
    throw new RegistryUnavailable(`subject ${subject}, it answered ${answer.status}, ${answer.code}`, {
      cause: answer,
    });
  return answer.kind === "found" ? answer.value : undefined;
};
