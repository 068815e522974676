/** Which processes run, for people and for what shows them: each enters itself, and nothing depends on it. */
import type { Migration } from "../migration.ts";

const runningProcess = `CREATE TABLE IF NOT EXISTS running_process (
  id CHAR(36) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  kind VARCHAR(64) CHARACTER SET ascii NOT NULL,
  subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'a topology or an outbox',
  hash CHAR(64) CHARACTER SET ascii COMMENT 'of the graph it runs',
  version VARCHAR(64) CHARACTER SET ascii NOT NULL,
  host VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  pid INT UNSIGNED NOT NULL,
  health_url VARCHAR(255) CHARACTER SET ascii NOT NULL,
  started_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  beat_at BIGINT UNSIGNED NOT NULL COMMENT 'when it was heard of last',
  KEY running_process_beat (beat_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the table. */
export const runningProcessTable: Migration = { name: "0009-running-processes", statements: [runningProcess] };
