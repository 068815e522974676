/** What a registry has of the shop's subjects, as text that is compared. */
import { subjectsOfApp } from "../../engine/app/evolving/subjects.ts";
import type { RegistryAdmin } from "../../engine/registry/admin.ts";
import { app } from "../../sluice.config.ts";

/** Every version with its schema, and the level, of every declared subject. */
export const registryState = async (admin: RegistryAdmin): Promise<string> => {
  const all = [];
  for (const { subject } of subjectsOfApp(app, [])) {
    const versions = await admin.versions(subject);
    const schemas = [];
    for (const version of versions) schemas.push(await admin.version(subject, version));
    all.push({ subject, schemas, level: await admin.level(subject) });
  }
  return JSON.stringify(all);
};
