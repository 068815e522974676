/** `sluice-engine/avro`: records, topics, and the codec between values and bytes. */
export * from "../avro/avro.ts";
export * from "../avro/codec.ts";
export type { AskingOptions, Learned } from "../avro/learn.ts";
export { InvalidSchema } from "../avro/declare/invalid-schema.ts";
export { confluentRegistry, type SchemaSource } from "../registry/registry.ts";
export { type RegistryOptions, RegistryUnavailable } from "../registry/http.ts";
export type { Rule } from "../evolution/compare.ts";
export type { Allowance } from "../evolution/rules.ts";
export * from "../avro/topic.ts";
