/** Which database this is, wherever it runs: what a Redis that serves it is marked with. */
import type { Migration } from "../migration.ts";

const identity = `CREATE TABLE IF NOT EXISTS database_identity (
  one TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'always 1: there is one row',
  id CHAR(36) CHARACTER SET ascii NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

// The row that is there stays: the identity is made once.
const made = "INSERT IGNORE INTO database_identity (one, id) VALUES (1, UUID())";

/** Creates the table and its one row. */
export const databaseIdentityTable: Migration = { name: "0007-database-identity", statements: [identity, made] };
