/** The schema of compose files, in a form that the validator takes. */

/** The compose schema names its parts by `id`, as drafts before 6 did; nothing refers to those names. */
export const withoutIds = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => !(["id", "$schema"].includes(key) && typeof value === "string"),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutIds(value)]));
};
