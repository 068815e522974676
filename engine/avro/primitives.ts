/** The types of Avro that have no parts: no record, enum or alias may be called like one. */

/** Their names. */
export type PrimitiveName = "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";

const names: ReadonlySet<string> = new Set<PrimitiveName>([
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
]);

/** Whether this is the name of one of them. */
export const isPrimitive = (name: string): name is PrimitiveName => names.has(name);
