/** The metrics of others that dashboards and rules use, with their labels: each exporter's names, as its source has them. */

import { kafkaMetrics } from "../../engine/app/metrics/kafka-table.ts";

/** Labels by metric. */
type Labels = Readonly<Record<string, readonly string[]>>;

/** kafka_exporter 1.9, and `sluice exporter`, which serves the same names. */
const kafkaLabels: Labels = Object.fromEntries(Object.values(kafkaMetrics).map(({ name, labels }) => [name, labels]));

/** redis_exporter 1.45 and later. */
const redisMetrics: Labels = {
  redis_memory_used_bytes: [],
  redis_memory_max_bytes: [],
  redis_rejected_connections_total: [],
  redis_evicted_keys_total: [],
  redis_connected_clients: [],
  redis_commands_total: ["cmd"],
  redis_commands_duration_seconds_total: ["cmd"],
};

/** mysqld_exporter 0.14 and later: what SHOW GLOBAL STATUS and VARIABLES say, in lower case. */
const mysqldMetrics: Labels = {
  mysql_global_status_threads_connected: [],
  mysql_global_status_threads_running: [],
  mysql_global_variables_max_connections: [],
  mysql_global_status_innodb_deadlocks: [],
  mysql_global_status_innodb_row_lock_waits: [],
  mysql_global_status_innodb_row_lock_time: [],
  mysql_global_status_innodb_data_fsyncs: [],
  mysql_global_status_commands_total: ["command"],
  mysql_slave_status_seconds_behind_master: ["master_host", "connection_name", "channel_name"],
};

/** What prom-client says of each process of ours. */
const processMetrics: Labels = {
  process_start_time_seconds: [],
  process_cpu_seconds_total: [],
  process_resident_memory_bytes: [],
  nodejs_eventloop_lag_p99_seconds: [],
  nodejs_heap_size_used_bytes: [],
  nodejs_gc_duration_seconds_sum: ["kind"],
};

/** What Prometheus itself says of a target. */
const scrapeMetrics: Labels = { up: [] };

/** By the job that serves them. */
export const exporterMetrics: Readonly<Record<"kafka" | "redis" | "mysqld" | "sluice" | "prometheus", Labels>> = {
  kafka: kafkaLabels,
  redis: redisMetrics,
  mysqld: mysqldMetrics,
  sluice: processMetrics,
  prometheus: scrapeMetrics,
};

/** Labels that Prometheus gives every series of a target. */
export const targetLabels = ["job", "instance", "service"] as const;
