/** The cluster that integration tests run on, and how they take a log of it. */
import { randomUUID } from "node:crypto";
import type { Log, TopicPartition } from "../log.ts";
import { silentLogger } from "../logger.ts";
import { type KafkaAdmin, kafkaAdmin, type TopicSpec } from "./admin.ts";
import { kafkaLog } from "./kafka-log.ts";
import type { KafkaOptions } from "./options.ts";

/** Topics and logs of one test file, removed with it. */
export interface TestCluster {
  readonly brokers: readonly string[];
  readonly admin: KafkaAdmin;
  readonly createTopic: (partitions: number, spec?: Partial<TopicSpec>) => Promise<string>;
  readonly log: (options?: Partial<KafkaOptions>) => Log;
  readonly endOffset: (at: TopicPartition) => Promise<bigint>;
  readonly committed: (groupId: string, at: TopicPartition) => Promise<bigint | undefined>;
  readonly close: () => Promise<void>;
}

/** @throws Error when `SLUICE_BROKERS` (comma-separated `host:port`) is not set. */
export const openTestCluster = async (variable: string | undefined): Promise<TestCluster> => {
  if (!variable)
    throw new Error("SLUICE_BROKERS is not set; run these tests with `npm test`, or against a stack of your own");
  const brokers = variable.split(",");
  const admin = await kafkaAdmin({ brokers, clientId: "test-admin" });
  const topics: string[] = [];
  const logs: Log[] = [];
  return {
    brokers,
    admin,
    createTopic: async (partitions, spec = {}) => {
      const name = `test-${randomUUID()}`;
      topics.push(name);
      await admin.ensureTopics([{ name, partitions, ...spec }]);
      return name;
    },
    log: (options = {}) => {
      const made = kafkaLog({
        brokers,
        clientId: `test-${randomUUID()}`,
        logger: silentLogger,
        fetchWaitMs: 100,
        ...options,
      });
      logs.push(made);
      return made;
    },
    endOffset: async ({ topic, partition }) => (await admin.endOffsets(topic))[partition] ?? -1n,
    committed: async (groupId, { topic, partition }) => (await admin.committedOffsets(groupId, topic))[partition],
    close: async () => {
      await Promise.all(logs.map((log) => log.close()));
      await admin.deleteTopics(topics);
      await admin.close();
    },
  };
};
