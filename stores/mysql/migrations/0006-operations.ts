/**
 * Operating the topologies: what was asked for and what was meant. What happened is in Kafka and is read there, so
 * nothing here has to be written together with a record.
 */
import type { Migration } from "../migration.ts";

const operation = `CREATE TABLE IF NOT EXISTS operation (
  number BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  actor VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  host VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  verb VARCHAR(64) CHARACTER SET ascii NOT NULL,
  reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  document LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON: what was planned',
  started_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  ended_at BIGINT UNSIGNED COMMENT 'NULL: at work, or killed',
  result VARCHAR(64) CHARACTER SET ascii
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

// One statement writes all rows of a deployment: a reader sees all of them or none.
const deployment = `CREATE TABLE IF NOT EXISTS deployment (
  number INT UNSIGNED NOT NULL,
  topology VARBINARY(128) NOT NULL,
  graph_hash CHAR(64) CHARACTER SET ascii NOT NULL,
  beside_hash CHAR(64) CHARACTER SET ascii COMMENT 'accepted too, until the next deployment',
  cluster_id VARCHAR(64) CHARACTER SET ascii NOT NULL,
  group_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  document LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON: everything that was declared',
  actor VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  deployed_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  PRIMARY KEY (topology, number),
  KEY deployment_number (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const replayJob = `CREATE TABLE IF NOT EXISTS replay_job (
  id CHAR(36) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  topology VARBINARY(128) NOT NULL,
  document LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON: selection, offsets, limits',
  state VARCHAR(32) CHARACTER SET ascii NOT NULL,
  runner_epoch BIGINT UNSIGNED NOT NULL,
  operation_number BIGINT UNSIGNED NOT NULL,
  KEY replay_job_topology (topology)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const dlqDiscard = `CREATE TABLE IF NOT EXISTS dlq_discard (
  topology VARBINARY(128) NOT NULL,
  topic VARBINARY(249) NOT NULL,
  partition_no INT UNSIGNED NOT NULL,
  record_offset BIGINT UNSIGNED NOT NULL,
  record_at BIGINT NOT NULL COMMENT 'the record''s timestamp, epoch ms: a topic may have been made anew',
  operation_number BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (topology, topic, partition_no, record_offset, record_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the tables of operations, deployments, replays and discarded dead letters. */
export const operationTables: Migration = {
  name: "0006-operations",
  statements: [operation, deployment, replayJob, dlqDiscard],
};
