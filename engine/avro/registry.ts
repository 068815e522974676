/** What the codec needs of a schema registry, and the Confluent-compatible one. Nothing here registers. */
import { z } from "zod";
import type { AvroJson } from "./avro.ts";
import { avscType } from "./exact-types.ts";
import { registryHttp, type RegistryOptions } from "./registry-http.ts";

/** A registry, as those see it who read and write records. */
export interface SchemaSource {
  /** The Avro schema with this id; undefined where the registry answered that it has none. @throws RegistryUnavailable */
  readonly schemaOf: (id: number) => Promise<AvroJson | undefined>;
  /** The id of this schema under a subject; undefined where it is not registered. @throws RegistryUnavailable */
  readonly idOf: (subject: string, schema: AvroJson) => Promise<number | undefined>;
}

/** A {@link SchemaSource} on a Confluent-compatible registry. Ids are immutable, so callers keep what they learn. */
export const confluentRegistry = (options: RegistryOptions): SchemaSource => {
  const ask = registryHttp(options);
  return {
    schemaOf: async (id) => {
      const answer = await ask(writtenSchema, { about: `schema ${id}`, path: `schemas/ids/${id}` });
      return answer.kind === "found" ? avroOf(answer.value) : undefined;
    },
    idOf: async (subject, schema) => {
      const answer = await ask(withId, {
        about: `id under ${subject}`,
        path: `subjects/${encodeURIComponent(subject)}`,
        method: "POST",
        body: { schema: JSON.stringify(schema) },
      });
      return answer.kind === "found" ? answer.value.id : undefined;
    },
  };
};

const withId = z.looseObject({ id: z.int() });

/** A schema as registries write it: its text, and its kind where that is not Avro. */
export const writtenSchema = z.looseObject({ schema: z.string(), schemaType: z.string().default("AVRO") });

/** The Avro in a registry's answer; undefined where it is of another kind, or none that can be read. */
export const avroOf = ({ schema, schemaType }: z.infer<typeof writtenSchema>): AvroJson | undefined => {
  if (schemaType !== "AVRO") return undefined;
  try {
    const avro: AvroJson = JSON.parse(schema);
    avscType(avro);
    return avro;
  } catch {
    return undefined;
  }
};
