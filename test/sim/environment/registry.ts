/** The registry behind the simulated network: a process learns each schema by itself, and one id may be published late. */
import { type Codec, createCodec } from "../../../engine/avro/codec.ts";
import type { SchemaSource } from "../../../engine/registry/registry.ts";
import { memoryRegistry } from "../../../topology/testing/memory-stage.ts";
import type { Network } from "./network.ts";
import type { Process } from "./process.ts";
import { beginningAt } from "./time.ts";

/** What a registry is reached through, and what it is. */
export interface RegistryWorld {
  readonly network: Network;
  /** When it has learned the schemas of requests and payments; 0 where it has them from the beginning. */
  readonly scenario: { readonly schemaLateMs: number };
  /** Knows every schema, whatever the registry says. */
  readonly codec: Codec;
}

/** An id may be unknown for this long, virtual ms: longer than any is published late. */
const graceMs = 3_000;
const registry = memoryRegistry();

/** The codec of one process: the real one, where its records come from; what it writes is encoded as everywhere. */
export const codecOf = (from: Process, { network, scenario, codec }: RegistryWorld): Codec => {
  const ask = <T>(what: string, effect: () => Promise<T>): Promise<T> =>
    network.call({ from, to: "registry", kind: "read", what: () => what, about: [], effect });
  const isThere = (): boolean => from.clock.now() >= beginningAt + scenario.schemaLateMs;
  const source: SchemaSource = {
    schemaOf: (id, subjects) =>
      ask(`schema ${id}`, async () => (isThere() ? registry.schemaOf(id, subjects) : undefined)),
    idOf: registry.idOf,
  };
  const learning = createCodec({
    source,
    now: from.clock.now,
    unknownIdGraceMs: graceMs,
    unknownIdRetryMs: 200,
  });
  return {
    decoder: learning.decoder,
    encoder: async (topic) => {
      await ask(`id of ${topic.name}`, async () => undefined);
      return codec.encoder(topic);
    },
  };
};
