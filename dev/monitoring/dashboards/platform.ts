/** The fourth dashboard: Kafka, Redis and MariaDB, as far as this pipeline stands on them, by the names of their exporters. */
import type { DashboardPlan, Row } from "./frame.ts";
import { lines, stat } from "./panels.ts";
import { uids } from "./uids.ts";

const kafka: Row = {
  title: "Kafka",
  panels: [
    stat(
      {
        title: "Brokers",
        description: "That answer. Red below 3; a development stack of one broker is red on purpose.",
        unit: "short",
        queries: [{ expr: "max(kafka_brokers)" }],
      },
      { red: { below: 3 } },
    ),
    stat(
      {
        title: "Under-replicated partitions",
        description: "Fewer copies than declared: a broker is down, or cannot keep up.",
        unit: "short",
        queries: [{ expr: "sum(kafka_topic_partition_under_replicated_partition)" }],
      },
      { red: { from: 1 } },
    ),
    stat(
      {
        title: "Partitions without a leader",
        description: "Nothing can be written to them or read from them.",
        unit: "short",
        queries: [{ expr: "count(kafka_topic_partition_leader == -1) or vector(0)" }],
      },
      { red: { from: 1 } },
    ),
    stat(
      {
        title: "Copies in sync, fewest",
        description: "Below 2 of 3, writing to the partition is refused.",
        unit: "short",
        queries: [{ expr: "min(kafka_topic_partition_in_sync_replica)" }],
      },
      { red: { below: 2 } },
    ),
    stat({
      title: "Members of groups",
      description: "Consumers in all groups.",
      unit: "short",
      queries: [{ expr: "sum(kafka_consumergroup_members)" }],
    }),
    stat({
      title: "Lag of groups",
      description: "Records committed by no one yet, of all groups, as Kafka sees it.",
      unit: "short",
      queries: [{ expr: "sum(kafka_consumergroup_lag_sum)" }],
    }),
    lines({
      title: "Group lag",
      description: "By group and topic, as Kafka sees it: end less committed offset. It is there when no worker runs.",
      unit: "short",
      queries: [
        {
          expr: "sum by (consumergroup, topic) (kafka_consumergroup_lag_sum)",
          legend: "{{ consumergroup }} {{ topic }}",
        },
      ],
    }),
    lines(
      {
        title: "Records written",
        description: "A second, by topic.",
        unit: "short",
        queries: [
          {
            expr: "sum by (topic) (rate(kafka_topic_partition_current_offset[$__rate_interval]))",
            legend: "{{ topic }}",
          },
        ],
      },
      { stacked: true },
    ),
  ],
};

const redis: Row = {
  title: "Redis, the gate",
  panels: [
    lines({
      title: "Memory",
      description: "It evicts nothing: at its maxmemory it refuses writes, and the gate stands still (REDIS_FULL).",
      unit: "bytes",
      queries: [
        { expr: "max by (instance) (redis_memory_used_bytes)", legend: "{{ instance }}: used" },
        { expr: "max by (instance) (redis_memory_max_bytes)", legend: "{{ instance }}: maxmemory" },
        { expr: "max(sluice_gate_memory_bytes)", legend: "as the workers see it" },
      ],
    }),
    lines({
      title: "Evicted keys and rejected connections",
      description: "Both are always 0.",
      unit: "short",
      queries: [
        { expr: "sum(rate(redis_evicted_keys_total[$__rate_interval]))", legend: "evicted" },
        { expr: "sum(rate(redis_rejected_connections_total[$__rate_interval]))", legend: "rejected" },
      ],
    }),
    lines({
      title: "Time of a command",
      description: "Mean, by command, inside Redis. Scripts (evalsha) decide up to a thousand requests each.",
      unit: "s",
      queries: [
        {
          expr:
            "sum by (cmd) (rate(redis_commands_duration_seconds_total[$__rate_interval]))" +
            " / (sum by (cmd) (rate(redis_commands_total[$__rate_interval])) > 0)",
          legend: "{{ cmd }}",
        },
      ],
    }),
    lines({
      title: "Marks of the gate, and repairs",
      description: "Units in flight. Repaired counters and dropped marks within ten minutes: Redis forgot something.",
      unit: "short",
      queries: [
        { expr: "sum(sluice_gate_marks)", legend: "in flight" },
        { expr: "sum(increase(sluice_repaired_counters_total[10m]))", legend: "repaired counters" },
        { expr: "sum(increase(sluice_dropped_marks_total[10m]))", legend: "dropped marks" },
      ],
    }),
  ],
};

const mariadb: Row = {
  title: "MariaDB, the truth",
  panels: [
    lines({
      title: "Connections",
      description: "Against max_connections. Processes have pools of up to 50 connections.",
      unit: "short",
      queries: [
        { expr: "max by (instance) (mysql_global_status_threads_connected)", legend: "{{ instance }}: open" },
        {
          expr: "max by (instance) (mysql_global_variables_max_connections)",
          legend: "{{ instance }}: max_connections",
        },
      ],
    }),
    lines({
      title: "Waits for row locks",
      description: "A second. Many: rounds of one coupon in two workers at once, or a transaction that was left open.",
      unit: "short",
      queries: [
        { expr: "sum(rate(mysql_global_status_innodb_row_lock_waits[$__rate_interval]))", legend: "waits" },
        { expr: "sum(rate(mysql_global_status_innodb_deadlocks[$__rate_interval]))", legend: "deadlocks" },
      ],
    }),
    lines({
      title: "Flushes to disk",
      description: "A second. A verdict that was told is on disk; the disk's flushes bound the rounds.",
      unit: "short",
      queries: [{ expr: "sum(rate(mysql_global_status_innodb_data_fsyncs[$__rate_interval]))", legend: "fsyncs" }],
    }),
    lines({
      title: "Statements",
      description: "A second, by command: what the shop asks of it.",
      unit: "short",
      queries: [
        {
          expr: 'sum by (command) (rate(mysql_global_status_commands_total{command=~"select|insert|update|delete|commit|rollback"}[$__rate_interval]))',
          legend: "{{ command }}",
        },
      ],
    }),
  ],
};

/** The plan. */
export const platform: DashboardPlan = {
  uid: uids.platform,
  title: "Sluice: Kafka, Redis, MariaDB",
  description: "What the shop stands on. Where an alert of the shop names something that is away, it is seen here.",
  variables: [],
  rows: [kafka, redis, mariadb],
};
