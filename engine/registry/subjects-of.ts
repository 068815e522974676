/**
 * Which subjects have a schema. An id says nothing by itself: whoever writes a record chooses it, and a registry that others
 * use too has schemas that were never compared with this topic's.
 */
import { z } from "zod";
import { registryHttp, type RegistryOptions } from "./http.ts";

/** The subjects that a schema is a version of, though it be a deleted one; none where the registry has no such id. @throws RegistryUnavailable */
export type SubjectsOf = (id: number) => Promise<readonly string[]>;

const versions = z.array(z.looseObject({ subject: z.string() }));

/** Asks a Confluent-compatible registry, by one request. */
export const subjectsIn = (options: RegistryOptions): SubjectsOf => {
  const ask = registryHttp(options);
  return async (id) => {
    // Records outlive the versions that they were written with.
    const path = `schemas/ids/${id}/versions?deleted=true`;
    const answer = await ask(versions, { about: `subjects of schema ${id}`, path });
    // "None" is the answer for an id that is not there; a refusal is about this id too, and no waiting changes it.
    return answer.kind === "found" ? [...new Set(answer.value.map(({ subject }) => subject))] : [];
  };
};
