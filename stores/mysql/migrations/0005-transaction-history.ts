/**
 * What was paid: a row a payment, written once. A UUIDv7 as primary key grows at its end; no other index, because rows
 * are asked for by payment only, and one over orders or users would be the larger part of what an insert costs.
 */
import type { Migration } from "../migration.ts";

const history = `CREATE TABLE IF NOT EXISTS transaction_history (
  payment_id BINARY(16) NOT NULL PRIMARY KEY,
  order_id BINARY(16) NOT NULL,
  user_id VARBINARY(256) NOT NULL,
  amount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  discount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  paid_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the history of payments. */
export const transactionHistoryTable: Migration = { name: "0005-transaction-history", statements: [history] };
