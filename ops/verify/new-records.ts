/** Reads what is new of topics, turn by turn: a turn that was cut short is gone on with from where it began. */
import type { Codec } from "../../engine/avro/codec.ts";
import { readValue } from "../../engine/avro/read-value.ts";
import type { Topic } from "../../engine/avro/topic.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { partitionName } from "../../engine/log/log.ts";
import type { Config } from "../config.ts";
import { codecOf } from "../../engine/app/dlq/open.ts";

/** Records of one turn, a partition, where it has an end; the others come in the next one. */
const maxRecords = 50_000n;

/** Shows values of a topic that are new in this turn, up to these offsets where they are given; what is no record of it is passed over. */
export type ReadNew = <T>(
  topic: Topic<T>,
  see: (value: T) => unknown,
  upTo?: readonly (bigint | undefined)[],
) => Promise<void>;

/** What is new of some topics. */
export interface NewRecords {
  /**
   * Does a turn's work. The first call only begins: it answers undefined, and what is older than it is never shown. Topics begin
   * in their order, the last one's records are the youngest. @throws Unavailable @throws RegistryUnavailable
   */
  readonly turn: <T>(work: (read: ReadNew, cluster: FollowedCluster) => Promise<T>) => Promise<T | undefined>;
  readonly close: () => Promise<void>;
}

/** What is asked of the cluster. */
export type FollowedCluster = Pick<KafkaAdmin, "endOffsets" | "readRanges" | "committedOffsets" | "close">;

/** What it reads with. */
export interface Reading {
  readonly cluster: FollowedCluster;
  readonly codec: Pick<Codec, "decoder">;
}

/** Reads of a cluster and a registry. They may be away. */
export const readingOf = async (config: Pick<Config, "brokers" | "registryUrl">): Promise<Reading> => ({
  cluster: await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-verify" }),
  codec: codecOf(config),
});

/** Follows topics. */
export const newRecords = ({ cluster, codec }: Reading, topics: readonly { readonly name: string }[]): NewRecords => {
  let positions: ReadonlyMap<string, bigint> | undefined;
  return {
    turn: async (work) => {
      if (positions === undefined) {
        positions = await endsOf(cluster, topics);
        return undefined;
      }
      const next = new Map(positions);
      const done = await work(reader({ cluster, codec, positions: next }), cluster);
      positions = next;
      return done;
    },
    close: () => cluster.close(),
  };
};

const endsOf = async (
  cluster: FollowedCluster,
  topics: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, bigint>> => {
  const ends = new Map<string, bigint>();
  for (const { name: topic } of topics)
    for (const [partition, end] of (await cluster.endOffsets(topic)).entries())
      ends.set(partitionName({ topic, partition }), end);
  return ends;
};

interface Reader {
  readonly cluster: FollowedCluster;
  readonly codec: Reading["codec"];
  readonly positions: Map<string, bigint>;
}

const reader =
  ({ cluster, codec, positions }: Reader): ReadNew =>
  async (topic, see, upTo) => {
    const ends = upTo ?? (await cluster.endOffsets(topic.name));
    const ranges = ends.flatMap((end, partition) => {
      const from = positions.get(partitionName({ topic: topic.name, partition })) ?? 0n;
      if (end === undefined || end <= from) return [];
      const bounded = upTo === undefined || end - from < maxRecords ? end : from + maxRecords;
      return [{ partition, from, end: bounded }];
    });
    if (ranges.length === 0) return;
    const decoder = codec.decoder(topic);
    await cluster.readRanges(topic.name, ranges, async (_, records) => {
      for (const { value } of records) {
        // Most are read at once.
        const reading = readValue(decoder, value);
        const read = reading instanceof Promise ? await reading : reading;
        if (read.kind === "value") see(read.value);
      }
    });
    for (const { partition, end } of ranges) positions.set(partitionName({ topic: topic.name, partition }), end);
  };
