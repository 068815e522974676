/** What every process that publishes to fixed topics opens: the log, the codec, and a producer for those topics. */
import { type Codec, createCodec } from "../../avro/codec.ts";
import { confluentRegistry } from "../../registry/registry.ts";
import { systemClock } from "../../clock.ts";
import { kafkaLog } from "../../log/kafka/kafka-log.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import type { Log } from "../../log/log.ts";
import { type Accumulator, accumulatorDefaults, createAccumulator } from "../../log/producer/accumulator.ts";
import { refuseOtherPartitionCounts } from "../../worker/partition-counts.ts";
import type { ProcessContext } from "../define-app.ts";
import { refuseOtherTopicSettings } from "../deploying/start-check.ts";
import { watchBacklog } from "../metrics/worker-metrics.ts";

/** What a process publishes through. */
export interface OpenedProducer {
  readonly log: Log;
  readonly codec: Codec;
  readonly producer: Accumulator;
}

/** Which topics a process publishes to, and as which client. */
export interface ProducerNeeds {
  readonly clientId: string;
  readonly topics: readonly Pick<AnyTopic, "name" | "partitions" | "config">[];
  /** Wraps the log; for tests that make it fail. */
  readonly wrapLog?: (log: Log) => Log;
}

/**
 * Opens a producer, and counts its backlog in the process's metrics. The caller closes the producer, then the log.
 * @throws StartRefused (TOPIC_SETTING) where a topic's settings break a promise, as a worker does: what is accepted on a topic
 * that keeps a client's clock is accepted wrongly, whichever group reads it.
 * @throws Fatal where a topic has another number of partitions than declared: its readers would miss what is published.
 * @throws Unavailable where the log is away.
 */
export const openProducer = async (
  { config, logger, registry }: ProcessContext,
  { clientId, topics, wrapLog = (log) => log }: ProducerNeeds,
): Promise<OpenedProducer> => {
  const log = wrapLog(kafkaLog({ brokers: config.brokers, clientId, logger }));
  await Promise.all([refuseOtherPartitionCounts(log, topics), refuseOtherTopicSettings(config, topics)]);
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    // Asked for and compared a moment ago.
    partitionCounts: new Map(topics.map(({ name, partitions }) => [name, partitions])),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  watchBacklog(registry, producer.backlogRecords);
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  return { log, codec, producer };
};
