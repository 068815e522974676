/**
 * What `sluice exporter` serves: the names and labels of kafka_exporter (github.com/danielqsj/kafka_exporter, 1.9), so that
 * dashboards and rules are the same whichever of the two is scraped.
 */
import { metrics } from "./define.ts";

export const kafkaMetrics = metrics({
  brokers: {
    name: "kafka_brokers",
    kind: "gauge",
    unit: "brokers",
    help: "Brokers of the cluster; 0 where none answers.",
    labels: [],
  },
  brokerInfo: {
    name: "kafka_broker_info",
    kind: "gauge",
    unit: "state",
    help: "1 for each broker, with where clients reach it.",
    labels: ["id", "address"],
  },
  topicPartitions: {
    name: "kafka_topic_partitions",
    kind: "gauge",
    unit: "partitions",
    help: "Partitions of a topic.",
    labels: ["topic"],
  },
  currentOffset: {
    name: "kafka_topic_partition_current_offset",
    kind: "gauge",
    unit: "records",
    help: "The offset after the last record that can be read; records of open transactions are behind it.",
    labels: ["topic", "partition"],
  },
  oldestOffset: {
    name: "kafka_topic_partition_oldest_offset",
    kind: "gauge",
    unit: "records",
    help: "The first offset there is.",
    labels: ["topic", "partition"],
  },
  leader: {
    name: "kafka_topic_partition_leader",
    kind: "gauge",
    unit: "state",
    help: "The broker that leads a partition; -1 where none does.",
    labels: ["topic", "partition"],
  },
  leaderIsPreferred: {
    name: "kafka_topic_partition_leader_is_preferred",
    kind: "gauge",
    unit: "state",
    help: "1 where a partition is led by the first of its replicas.",
    labels: ["topic", "partition"],
  },
  replicas: {
    name: "kafka_topic_partition_replicas",
    kind: "gauge",
    unit: "replicas",
    help: "Replicas of a partition.",
    labels: ["topic", "partition"],
  },
  inSyncReplica: {
    name: "kafka_topic_partition_in_sync_replica",
    kind: "gauge",
    unit: "replicas",
    help: "Replicas of a partition that are in sync.",
    labels: ["topic", "partition"],
  },
  underReplicated: {
    name: "kafka_topic_partition_under_replicated_partition",
    kind: "gauge",
    unit: "state",
    help: "1 where a replica of a partition is not in sync.",
    labels: ["topic", "partition"],
  },
  groupCurrentOffset: {
    name: "kafka_consumergroup_current_offset",
    kind: "gauge",
    unit: "records",
    help: "The next offset that a group reads; -1 where it has committed nothing in a partition of a topic that it reads.",
    labels: ["consumergroup", "topic", "partition"],
  },
  groupCurrentOffsetSum: {
    name: "kafka_consumergroup_current_offset_sum",
    kind: "gauge",
    unit: "records",
    help: "The sum over a topic's partitions.",
    labels: ["consumergroup", "topic"],
  },
  groupLag: {
    name: "kafka_consumergroup_lag",
    kind: "gauge",
    unit: "records",
    help: "Records that a group has not committed; -1 where it has committed nothing in a partition of a topic that it reads.",
    labels: ["consumergroup", "topic", "partition"],
  },
  groupLagSum: {
    name: "kafka_consumergroup_lag_sum",
    kind: "gauge",
    unit: "records",
    help: "The sum over those of a topic's partitions that a group has committed in.",
    labels: ["consumergroup", "topic"],
  },
  groupMembers: {
    name: "kafka_consumergroup_members",
    kind: "gauge",
    unit: "members",
    help: "Members of a group.",
    labels: ["consumergroup"],
  },
});
