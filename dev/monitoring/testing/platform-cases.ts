/** Stories about what the shop stands on, and about the monitoring itself. */
import { type AlertCase, counter, gauge } from "./alert-case.ts";

const kafka = 'job="kafka", instance="kafka:9308"';
const at = `${kafka}, topic="coupon-issue", partition="0"`;
const topic = { topic: "coupon-issue" };
const redisLabels = { job: "redis", instance: "redis:9121" };
const redis = 'job="redis", instance="redis:9121"';
const mysqldLabels = { job: "mysqld", instance: "mysqld:9104" };
const mysqld = 'job="mysqld", instance="mysqld:9104"';

const brokers: readonly AlertCase[] = [
  {
    alert: "KafkaOfflinePartition",
    // An election within half a minute, then none.
    series: {
      [`kafka_topic_partition_leader{${at}}`]: gauge([
        [1, 5],
        [-1, 0.5],
        [2, 4.5],
        [-1, 5],
        [2, 5],
      ]),
    },
    quiet: [5.25, 10.5],
    fires: { at: 12, labels: topic, says: "1 partition(s) of coupon-issue have no leader." },
    heals: 16,
  },
  {
    alert: "KafkaUnderMinIsr",
    // One broker of three may be away; two may not. A stack of one broker has one copy on purpose.
    series: {
      [`kafka_topic_partition_in_sync_replica{${at}}`]: gauge([
        [2, 5],
        [1, 5],
        [3, 5],
      ]),
      [`kafka_topic_partition_replicas{${at}}`]: gauge([[3, 15]]),
      [`kafka_topic_partition_in_sync_replica{${kafka}, topic="alone", partition="0"}`]: gauge([[1, 15]]),
      [`kafka_topic_partition_replicas{${kafka}, topic="alone", partition="0"}`]: gauge([[1, 15]]),
    },
    quiet: [4, 5.5],
    fires: { at: 8, labels: topic, says: "1 partition(s) of coupon-issue have fewer than 2 copies in sync." },
    heals: 11,
  },
  {
    alert: "KafkaUnderReplicated",
    series: {
      [`kafka_topic_partition_under_replicated_partition{${at}}`]: gauge([
        [0, 5],
        [1, 0.5],
        [0, 4.5],
        [1, 5],
        [0, 5],
      ]),
    },
    quiet: [5.25, 10.5],
    fires: { at: 12, labels: topic, says: "1 partition(s) of coupon-issue have fewer copies than declared." },
    heals: 16,
  },
  {
    alert: "KafkaBrokerMissing",
    series: {
      [`kafka_brokers{${kafka}}`]: gauge([
        [3, 5],
        [2, 0.5],
        [3, 4.5],
        [2, 5],
        [3, 5],
      ]),
      [`kafka_topic_partition_replicas{${at}}`]: gauge([[3, 20]]),
    },
    quiet: [5.25, 10.5],
    fires: { at: 12, says: "2 broker(s) answer, fewer than a topic has copies." },
    heals: 16,
  },
  {
    alert: "KafkaAway",
    series: {
      [`kafka_brokers{${kafka}}`]: gauge([
        [3, 5],
        [0, 0.5],
        [1, 4.5],
        [0, 5],
        [3, 5],
      ]),
    },
    quiet: [5.25, 9, 10.5],
    fires: { at: 12, says: "0 brokers answer: nothing is accepted, decided or published." },
    heals: 16,
  },
];

const stores: readonly AlertCase[] = [
  {
    alert: "RedisMemoryHigh",
    series: {
      [`redis_memory_used_bytes{${redis}}`]: gauge([
        [400, 5],
        [480, 3],
        [400, 5],
        [450, 10],
        [100, 5],
      ]),
      [`redis_memory_max_bytes{${redis}}`]: gauge([[500, 28]]),
    },
    quiet: [4, 7.5, 15],
    fires: { at: 20, labels: redisLabels, says: "Redis redis:9121 uses 90% of its maxmemory." },
    heals: 24,
  },
  {
    alert: "RedisRejectedConnections",
    series: {
      [`redis_rejected_connections_total{${redis}}`]: counter([
        [0, 5],
        [1, 4],
        [0, 10],
      ]),
    },
    quiet: [4],
    fires: {
      at: 12,
      labels: redisLabels,
      says: "Redis redis:9121 turned 120 connections away within 5 minutes.",
    },
    heals: 15,
  },
  {
    alert: "RedisEvicted",
    series: {
      [`redis_evicted_keys_total{${redis}}`]: counter([
        [0, 5],
        [1, 4],
        [0, 10],
      ]),
    },
    quiet: [4],
    fires: { at: 12, labels: redisLabels, says: "Redis redis:9121 evicted 120 keys within 5 minutes." },
    heals: 15,
  },
  {
    alert: "MariaDbConnectionsHigh",
    series: {
      [`mysql_global_status_threads_connected{${mysqld}}`]: gauge([
        [230, 5],
        [280, 3],
        [100, 5],
        [270, 10],
        [100, 5],
      ]),
      [`mysql_global_variables_max_connections{${mysqld}}`]: gauge([[300, 28]]),
    },
    quiet: [4, 7.5, 15],
    fires: { at: 20, labels: mysqldLabels, says: "mysqld:9104 has 90% of its connections in use." },
    heals: 24,
  },
  {
    alert: "MariaDbDeadlocks",
    // Three in five minutes now and then, then one every two seconds.
    series: {
      [`mysql_global_status_innodb_deadlocks{${mysqld}}`]: counter([
        [0.01, 20],
        [0.5, 20],
        [0, 10],
      ]),
    },
    quiet: [19, 23],
    fires: {
      at: 38,
      labels: mysqldLabels,
      says: "mysqld:9104 ends 0.50 transactions a second because of deadlocks.",
    },
    heals: 48,
  },
  {
    alert: "MariaDbReplicaLag",
    series: {
      [`mysql_slave_status_seconds_behind_master{${mysqld}, master_host="first"}`]: gauge([
        [2, 5],
        [60, 3],
        [2, 5],
        [90, 10],
        [1, 5],
      ]),
    },
    quiet: [7.5, 15],
    fires: {
      at: 20,
      labels: { ...mysqldLabels, master_host: "first" },
      says: "mysqld:9104 is 1m 30s behind: what fails over to it would miss that.",
    },
    heals: 24,
  },
];

const monitoring: readonly AlertCase[] = [
  {
    alert: "ExporterDown",
    series: {
      [`up{${redis}}`]: gauge([
        [1, 5],
        [0, 3],
        [1, 5],
        [0, 10],
        [1, 5],
      ]),
    },
    quiet: [7.5, 15],
    fires: { at: 20, labels: redisLabels, says: "redis redis:9121 has not been scraped for 5 minutes: up is 0." },
    heals: 24,
  },
  {
    alert: "Watchdog",
    series: {},
    quiet: [],
    fires: { at: 1, says: "Prometheus evaluates its rules, and Alertmanager takes what it sends: 1." },
    heals: "never",
  },
];

/** All of them. */
export const platformCases: readonly AlertCase[] = [...brokers, ...stores, ...monitoring];
