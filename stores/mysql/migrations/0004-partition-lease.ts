/** Who may write for each partition of a topology's source: the last one to have raised its epoch. */
import type { Migration } from "../migration.ts";

const partitionLease = `CREATE TABLE IF NOT EXISTS partition_lease (
  topology VARBINARY(128) NOT NULL,
  topic VARBINARY(249) NOT NULL,
  partition_no INT UNSIGNED NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  holder VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'for people',
  taken_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  PRIMARY KEY (topology, topic, partition_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the table of leases. */
export const partitionLeaseTable: Migration = { name: "0004-partition-lease", statements: [partitionLease] };
