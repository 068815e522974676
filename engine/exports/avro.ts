/** `sluice-engine/avro`: records, topics, and the codec between values and bytes. */
export * from "../avro/avro.ts";
export * from "../avro/codec.ts";
export { InvalidSchema } from "../avro/declare/invalid-schema.ts";
export { confluentRegistry, type RegistryOptions, RegistryUnavailable, type SchemaSource } from "../avro/registry.ts";
export * from "../avro/topic.ts";
