/**
 * Which subjects have a schema. An id says nothing by itself: whoever writes a record chooses it, and a registry that others
 * use too has schemas that were never compared with this topic's.
 */
import { z } from "zod";
import { registryHttp, type RegistryOptions } from "./http.ts";

/** Answers whether a schema is a version, though it be a deleted one, of one of these subjects. @throws RegistryUnavailable */
export type HasVersion = (id: number, subjects: readonly string[]) => Promise<boolean>;

const versions = z.array(z.looseObject({ subject: z.string() }));

/** Asks a Confluent-compatible registry, by one request. */
export const versionsIn = (options: RegistryOptions): HasVersion => {
  const ask = registryHttp(options);
  return async (id, subjects) => {
    // Records outlive the versions that they were written with.
    const path = `schemas/ids/${id}/versions?deleted=true`;
    const answer = await ask(versions, { about: `subjects of schema ${id}`, path });
    // "None" is the answer for an id that is not there; a refusal is about this id too, and no waiting changes it.
    return answer.kind === "found" && answer.value.some(({ subject }) => subjects.includes(subject));
  };
};
