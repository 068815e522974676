/** Fetching below a consumer, which readers of ranges and followers of ends do: where topics begin and end, and what comes next. */
import type { LogRecord, TopicPartition } from "../log.ts";
import type { Batch, Broker, Cluster } from "./internals.ts";
import { patchedKafkajs } from "./kafkajs.ts";
import type { KafkaTuning } from "./options.ts";
import { plainRecord } from "./patches/fetched-records.ts";

/** A partition, and the next offset to read of it. */
export interface Place extends TopicPartition {
  readonly next: bigint;
}

/** What a fetch brought of a place: records from there on, and the next offset to fetch. */
export interface FetchedPlace extends Place {
  readonly records: readonly LogRecord[];
}

/** Where each partition of a topic begins or ends, in order. The cluster has to know the topic. */
export const offsetsOf = async (
  cluster: Cluster,
  topic: string,
  which: "start" | "end",
): Promise<ReadonlyMap<number, bigint>> => {
  const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId: partition }) => ({ partition }));
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning: which === "start" }]);
  const offsets = (found?.partitions ?? []).map(({ partition, offset }) => [partition, BigInt(offset)] as const);
  return new Map(offsets.toSorted(([a], [b]) => a - b));
};

/**
 * Fetches places that a broker leads; one that has nothing new waits for it. Aborted records, markers and those before a place are
 * left out. What it answers has places that it was asked for, and may lack some.
 */
export const fetchPlaces = async (
  broker: Broker,
  places: readonly Place[],
  {
    fetchWaitMs,
    fetchBytes,
    fetchPartitionBytes,
  }: Pick<KafkaTuning, "fetchWaitMs" | "fetchBytes" | "fetchPartitionBytes">,
): Promise<readonly FetchedPlace[]> => {
  const { responses } = await broker.fetch({
    ...{ maxWaitTime: fetchWaitMs, minBytes: 1, maxBytes: fetchBytes, isolationLevel: 1 },
    topics: [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, own]) => ({
      topic,
      partitions: own.map(({ partition, next }) => {
        return { partition, fetchOffset: next.toString(), maxBytes: fetchPartitionBytes };
      }),
    })),
  });
  return responses.flatMap(({ topicName, partitions }) =>
    partitions.flatMap((data) => {
      const place = places.find(({ topic, partition }) => topic === topicName && partition === data.partition);
      if (place === undefined) return [];
      // kafkajs's Batch knows which records are before the offset asked for, aborted, or no records at all.
      const batch: Batch = new (patchedKafkajs()("src/consumer/batch.js"))(topicName, place.next.toString(), data);
      // Erasure: records come from our own decoder, whose FetchedRecord is a LogRecord.
      const records = (batch.messages as unknown as readonly LogRecord[]).map(plainRecord);
      const read = batch.rawMessages.length === 0 ? place.next : BigInt(batch.lastOffset()) + 1n;
      return [{ ...place, records, next: read > place.next ? read : place.next }];
    }),
  );
};
