/** Opens what the verbs of `sluice schema` ask: the registry, and brokers where records are read. */
import { createCodec } from "../../avro/codec.ts";
import { confluentRegistry } from "../../registry/registry.ts";
import { confluentAdmin, type RegistryAdmin } from "../../registry/admin.ts";
import type { SampleReader } from "./sample.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { EngineConfig } from "../config/engine-config.ts";

/** What is open while `work` runs. */
export interface SchemaPorts {
  readonly admin: RegistryAdmin;
  /** Opened when it is asked for first. */
  readonly reader: () => Promise<SampleReader>;
}

/** Opens, works and closes. */
export const withSchemaPorts = async <T>(
  { registryUrl: url, brokers }: EngineConfig,
  work: (ports: SchemaPorts) => Promise<T>,
): Promise<T> => {
  let cluster: Promise<KafkaAdmin> | undefined;
  const reader = async (): Promise<SampleReader> => {
    cluster ??= kafkaAdmin({ brokers, clientId: "sluice-schema" });
    const codec = createCodec({ source: confluentRegistry({ url }), now: () => performance.now() });
    return { admin: await cluster, codec };
  };
  try {
    return await work({ admin: confluentAdmin({ url }), reader });
  } finally {
    await cluster?.then((open) => open.close());
  }
};
