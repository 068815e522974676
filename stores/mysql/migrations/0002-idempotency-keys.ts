/** Which reservation a client's idempotency key identifies. The key itself is hashed: fixed size, and nothing to leak. */
import type { Migration } from "../migration.ts";

const idempotencyKey = `CREATE TABLE IF NOT EXISTS idempotency_key (
  user_id VARBINARY(256) NOT NULL,
  key_hash BINARY(32) NOT NULL,
  fingerprint BINARY(32) NOT NULL,
  reservation_id BINARY(16) NOT NULL,
  created_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  PRIMARY KEY (user_id, key_hash),
  KEY by_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the table of idempotency keys. */
export const idempotencyKeyTable: Migration = { name: "0002-idempotency-keys", statements: [idempotencyKey] };
