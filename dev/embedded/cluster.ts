/** Topics, groups and schemas in memory: what brokers and registry are to the other systems. */
import { type Codec, createCodec } from "../../engine/avro/codec.ts";
import type { AvroJson } from "../../engine/avro/avro.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Desired } from "../../engine/deploy/plan/desired.ts";
import type { KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { MemoryBroker } from "../../engine/log/memory/memory-log.ts";

/** What is asked of it from outside of any worker. */
export type ClusterLook = Pick<KafkaAdmin, "readTopic" | "startOffsets" | "endOffsets" | "committedOffsets">;

/** A cluster in memory. */
export interface MemoryCluster {
  readonly broker: MemoryBroker;
  /** Knows the schemas that are declared. */
  readonly codec: Codec;
  readonly look: ClusterLook;
}

/** A cluster with everything that is declared, as `topology apply` makes it, and no records. */
export const memoryCluster = ({ topics, subjects }: Pick<Desired, "topics" | "subjects">): MemoryCluster => {
  const broker = new MemoryBroker({ clock: systemClock });
  for (const [name, { partitions }] of Object.entries(topics)) broker.createTopic(name, partitions);
  const partitionsOf = (topic: string): readonly { readonly topic: string; readonly partition: number }[] =>
    Array.from({ length: topics[topic]?.partitions ?? 0 }, (_, partition) => ({ topic, partition }));
  return {
    broker,
    codec: createCodec({ source: schemasOf(subjects), now: () => performance.now() }),
    look: {
      readTopic: async (topic, onRecords) => {
        for (const at of partitionsOf(topic)) await onRecords(at.partition, [...broker.records(at)]);
      },
      startOffsets: async (topic) => partitionsOf(topic).map((at) => broker.records(at)[0]?.offset ?? 0n),
      endOffsets: async (topic) => partitionsOf(topic).map((at) => broker.endOffset(at)),
      committedOffsets: async (groupId, topic) => partitionsOf(topic).map((at) => broker.committed(groupId, at)),
    },
  };
};

/** Schemas by ids that count from 1, in the order of their declaration. */
const schemasOf = (subjects: Desired["subjects"]) => {
  const declared = Object.entries(subjects);
  const ids = new Map(declared.map(([subject], at) => [subject, at + 1]));
  const schemas = new Map<number, AvroJson>(declared.map(([, { avro }], at) => [at + 1, avro]));
  return {
    schemaOf: async (id: number) => schemas.get(id),
    idOf: async (subject: string) => ids.get(subject),
  };
};
