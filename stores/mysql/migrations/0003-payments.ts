/**
 * What is sold, who has how much, orders, payments, and the outbox they are published from.
 *
 * - Every id of a large table is 16 bytes and best a UUIDv7, so that its primary key grows at its end; see 0001.
 * - Money is whole won. The limits of quantities and prices keep every total below the largest safe integer.
 * - No foreign keys, as in 0001: options and balances are hot rows that the same transaction updates.
 * - One payment an order is a unique key: whatever else goes wrong, the second one cannot be written.
 * - The outbox holds nothing but what is to be published: the payment's row says the rest, and never changes.
 */
import type { Migration } from "../migration.ts";

const productOption = `CREATE TABLE IF NOT EXISTS product_option (
  option_no INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  option_id VARBINARY(256) NOT NULL,
  stock INT UNSIGNED NOT NULL,
  remaining INT UNSIGNED NOT NULL,
  UNIQUE KEY option_id (option_id),
  CONSTRAINT option_within_stock CHECK (remaining BETWEEN 0 AND stock)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const userBalance = `CREATE TABLE IF NOT EXISTS user_balance (
  user_id VARBINARY(256) NOT NULL PRIMARY KEY,
  deposited BIGINT UNSIGNED NOT NULL COMMENT 'won',
  balance BIGINT UNSIGNED NOT NULL COMMENT 'won',
  CONSTRAINT within_deposit CHECK (balance <= deposited AND deposited <= 9007199254740991)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const customerOrder = `CREATE TABLE IF NOT EXISTS customer_order (
  order_id BINARY(16) NOT NULL PRIMARY KEY,
  user_id VARBINARY(256) NOT NULL,
  status TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '1 BEFORE_PAYMENT, 2 AFTER_PAYMENT'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const orderItem = `CREATE TABLE IF NOT EXISTS order_item (
  order_id BINARY(16) NOT NULL,
  option_no INT UNSIGNED NOT NULL,
  quantity SMALLINT UNSIGNED NOT NULL,
  unit_price INT UNSIGNED NOT NULL COMMENT 'won',
  PRIMARY KEY (order_id, option_no),
  CONSTRAINT item_limits CHECK (quantity BETWEEN 1 AND 10000 AND unit_price <= 1000000000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const orderCoupon = `CREATE TABLE IF NOT EXISTS order_coupon (
  order_id BINARY(16) NOT NULL,
  reservation_id BINARY(16) NOT NULL COMMENT 'a user_coupon',
  PRIMARY KEY (order_id, reservation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const payment = `CREATE TABLE IF NOT EXISTS payment (
  payment_id BINARY(16) NOT NULL PRIMARY KEY,
  order_id BINARY(16) NOT NULL,
  user_id VARBINARY(256) NOT NULL,
  amount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  discount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  paid_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  UNIQUE KEY one_an_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const paymentKey = `CREATE TABLE IF NOT EXISTS payment_key (
  user_id VARBINARY(256) NOT NULL,
  key_hash BINARY(32) NOT NULL,
  fingerprint BINARY(32) NOT NULL,
  payment_id BINARY(16) NOT NULL,
  created_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  PRIMARY KEY (user_id, key_hash),
  KEY by_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

// Unpublished rows are the NULLs at the index's beginning, in the order of their numbers; the rest is in order of age.
const outbox = `CREATE TABLE IF NOT EXISTS outbox (
  outbox_no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payment_id BINARY(16) NOT NULL,
  published_at BIGINT UNSIGNED NULL COMMENT 'epoch ms, by the database''s clock',
  KEY by_published (published_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the payment tables. */
export const payments: Migration = {
  name: "0003-payments",
  statements: [productOption, userBalance, customerOrder, orderItem, orderCoupon, payment, paymentKey, outbox],
};
