/** What Kafka's client and a broker do by themselves: kafkajs with the product's patches and limits, and nothing behind it. */
import { randomBytes } from "node:crypto";
import { type KafkaClient, createClient } from "../../../engine/log/kafka/client.ts";
import { kafkaDefaults, settingsOf } from "../../../engine/log/kafka/options.ts";
import { silentLogger } from "../../../engine/logger.ts";
import { couponIssueRequests } from "../../../schemas/coupon.ts";
import { untilDone } from "../coupons/baseline-topics.ts";
import { preload } from "../coupons/preload.ts";
import { hot } from "../scenarios.ts";
import type { Stage } from "../stage.ts";
import { callUnits, type FloorRun, floorOf, timeCalls } from "./floor.ts";

/** Requests in the topic that is read. */
const fetchRecords = 300_000;
/** Of one message, about what a result event has. */
const valueBytes = 150;

/**
 * Reads a preloaded topic of one partition, batch by batch. The first batch counts for nothing: the clock starts when it is there.
 * @throws kafkajs's errors
 */
export const measureFetch = async (stage: Stage, prefix: string): Promise<FloorRun> => {
  const topic = `${prefix}-fetch`;
  await stage.admin.ensureTopics([{ name: topic, partitions: 1 }]);
  await preload(stage, hot(topic, fetchRecords), { ...couponIssueRequests, name: topic, partitions: 1 });
  return withClient(stage, async ({ kafka }) => {
    const consumer = kafka.consumer({
      groupId: topic,
      maxWaitTimeInMs: kafkaDefaults.fetchWaitMs,
      maxBytesPerPartition: kafkaDefaults.fetchPartitionBytes,
      maxBytes: kafkaDefaults.fetchBytes,
    });
    const { done, ended } = untilDone(stage.signal);
    let [seen, first, calls, startedAt, endedAt] = [0, 0, 0, 0, 0];
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch: { messages } }) => {
          if (seen === 0) [first, startedAt] = [messages.length, performance.now()];
          else calls++;
          seen += messages.length;
          if (seen < fetchRecords) return;
          endedAt = performance.now();
          done();
        },
      });
      await ended;
      const seconds = (endedAt - startedAt) / 1_000;
      return floorOf("fetch: kafkajs, eachBatch", { units: seen - first, calls, seconds });
    } finally {
      await consumer.disconnect();
    }
  });
};

/** Appends messages to a topic of one partition, acknowledged by all replicas. @throws kafkajs's errors */
export const measureProduce = async (stage: Stage, prefix: string): Promise<FloorRun> => {
  const topic = `${prefix}-produce`;
  await stage.admin.ensureTopics([{ name: topic, partitions: 1 }]);
  return withClient(stage, async ({ kafka }) => {
    const producer = kafka.producer({ idempotent: true });
    try {
      await producer.connect();
      return await timeCalls({
        part: `produce: kafkajs, idempotent, acks of all, ${valueBytes} bytes each`,
        prepare: () => Array.from({ length: callUnits }, () => ({ value: randomBytes(valueBytes) })),
        signal: stage.signal,
        call: (messages) => producer.send({ topic, acks: -1, messages }),
      });
    } finally {
      await producer.disconnect();
    }
  });
};

const withClient = async <T>({ config }: Stage, work: (client: KafkaClient) => Promise<T>): Promise<T> => {
  const client = createClient(settingsOf({ brokers: config.brokers, clientId: "sluice-bench", logger: silentLogger }));
  try {
    return await work(client);
  } finally {
    client.destroySockets();
  }
};
