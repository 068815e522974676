/** A group's member as releases had it before topics were shared out by number: kafkajs's own assigner, one topic, and nothing finished. */
import { logLevel } from "kafkajs";
import { patchedKafkajs } from "../kafkajs.ts";

/** A running member. */
export interface OlderMember {
  /** Its partitions of the topic, as of its last join. */
  readonly assigned: () => readonly number[];
  /** Leaves the group. */
  readonly stop: () => Promise<void>;
}

/** Joins a group. @throws kafkajs's errors */
export const olderMember = async (of: {
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly topic: string;
}): Promise<OlderMember> => {
  const { Kafka, PartitionAssigners } = patchedKafkajs()("index.js");
  const kafka = new Kafka({ brokers: [...of.brokers], clientId: "older", logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: of.groupId, partitionAssigners: [PartitionAssigners.roundRobin] });
  let assigned: readonly number[] = [];
  consumer.on("consumer.group_join", ({ payload }) => {
    assigned = payload.memberAssignment[of.topic] ?? [];
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [of.topic], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatch: async () => {} });
  return { assigned: () => assigned, stop: () => consumer.disconnect() };
};
