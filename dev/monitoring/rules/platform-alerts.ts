/** Alerts about what the shop stands on, by the names of its exporters; and the one that proves that alerts arrive. */
import { uids } from "../dashboards/uids.ts";
import type { AlertRule, RuleGroup } from "./rule.ts";

const dashboard = uids.platform;

const kafka: readonly AlertRule[] = [
  {
    alert: "KafkaOfflinePartition",
    severity: "page",
    expr: "count by (topic) (kafka_topic_partition_leader == -1)",
    for: "1m",
    summary: "Partitions have no leader: nothing can be written to them or read from them.",
    description: "{{ $value }} partition(s) of {{ $labels.topic }} have no leader.",
    dashboard,
  },
  {
    alert: "KafkaUnderMinIsr",
    severity: "page",
    // On one broker there is one copy of everything, on purpose.
    expr:
      "count by (topic) (kafka_topic_partition_in_sync_replica < 2" +
      " and on (topic, partition, instance) kafka_topic_partition_replicas > 1)",
    for: "1m",
    summary: "Partitions have fewer than two copies that are up to date: writing to them is refused.",
    description: "{{ $value }} partition(s) of {{ $labels.topic }} have fewer than 2 copies in sync.",
    dashboard,
  },
  {
    alert: "KafkaUnderReplicated",
    severity: "ticket",
    expr: "sum by (topic) (kafka_topic_partition_under_replicated_partition) > 0",
    for: "1m",
    summary: "Partitions have fewer copies than declared.",
    description: "{{ $value }} partition(s) of {{ $labels.topic }} have fewer copies than declared.",
    dashboard,
  },
  {
    alert: "KafkaBrokerMissing",
    severity: "ticket",
    // As many as a topic has copies, 3: a stack of one broker misses none.
    expr: "max(kafka_brokers) < max(last_over_time(kafka_topic_partition_replicas[1d]))",
    for: "1m",
    summary: "A broker is missing.",
    description: "{{ $value }} broker(s) answer, fewer than a topic has copies.",
    dashboard,
  },
  {
    alert: "KafkaAway",
    severity: "page",
    // Nothing else is known of Kafka then: partitions without a leader have no series either.
    expr: "max(kafka_brokers) == 0",
    for: "1m",
    summary: "No broker answers.",
    description: "{{ $value }} brokers answer: nothing is accepted, decided or published.",
    dashboard,
  },
];

const redis: readonly AlertRule[] = [
  {
    alert: "RedisMemoryHigh",
    severity: "ticket",
    // It evicts nothing: what does not fit is refused, and the gate stands still.
    expr: "redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.85",
    for: "5m",
    summary: "Redis is nearly full; when it is full, it refuses writes.",
    description: "Redis {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its maxmemory.",
    dashboard,
  },
  {
    alert: "RedisRejectedConnections",
    severity: "ticket",
    expr: "increase(redis_rejected_connections_total[5m]) > 0",
    summary: "Redis turns connections away: maxclients is reached.",
    description: 'Redis {{ $labels.instance }} turned {{ $value | printf "%.0f" }} connections away within 5 minutes.',
    dashboard,
  },
  {
    alert: "RedisEvicted",
    severity: "ticket",
    expr: "increase(redis_evicted_keys_total[5m]) > 0",
    summary: "Redis evicts keys: its policy is not noeviction.",
    description: 'Redis {{ $labels.instance }} evicted {{ $value | printf "%.0f" }} keys within 5 minutes.',
    dashboard,
  },
];

const mariadb: readonly AlertRule[] = [
  {
    alert: "MariaDbConnectionsHigh",
    severity: "ticket",
    expr: "mysql_global_status_threads_connected / mysql_global_variables_max_connections > 0.8",
    for: "5m",
    summary: "The database has few connections left.",
    description: "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its connections in use.",
    dashboard,
  },
  {
    alert: "MariaDbDeadlocks",
    severity: "ticket",
    // One now and then is retried and costs nothing; more than one in 10 s means that two statements lock in different orders.
    expr: "rate(mysql_global_status_innodb_deadlocks[5m]) > 0.1",
    for: "5m",
    summary: "Transactions deadlock again and again.",
    description: '{{ $labels.instance }} ends {{ $value | printf "%.2f" }} transactions a second because of deadlocks.',
    dashboard,
  },
  {
    alert: "MariaDbReplicaLag",
    severity: "ticket",
    expr: "mysql_slave_status_seconds_behind_master > 30",
    for: "5m",
    summary: "A replica of the database is behind.",
    description:
      "{{ $labels.instance }} is {{ $value | humanizeDuration }} behind: what fails over to it would miss that.",
    dashboard,
  },
];

const monitoring: readonly AlertRule[] = [
  {
    alert: "ExporterDown",
    severity: "ticket",
    expr: 'up{job!="sluice"} == 0',
    for: "5m",
    summary: "An exporter does not answer: the alerts about what it watches are blind.",
    description: "{{ $labels.job }} {{ $labels.instance }} has not been scraped for 5 minutes: up is {{ $value }}.",
    dashboard,
  },
  {
    alert: "Watchdog",
    severity: "none",
    expr: "vector(1)",
    summary: "Always fires. Where it does not arrive, alerts do not arrive.",
    description: "Prometheus evaluates its rules, and Alertmanager takes what it sends: {{ $value }}.",
    dashboard: uids.overview,
  },
];

/** The groups. */
export const platformAlertGroups: readonly RuleGroup[] = [
  { name: "kafka", rules: kafka },
  { name: "redis", rules: redis },
  { name: "mariadb", rules: mariadb },
  { name: "monitoring", rules: monitoring },
];
