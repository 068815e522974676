/**
 * Orders, what they are paid with, payments, and the outbox that tells of them. Money is won, in whole numbers.
 *
 * - Order and payment ids are UUIDs in 16 bytes. A payment's is a UUIDv7, so its tables grow at their end.
 * - No foreign keys on the path of a payment: their shared locks would come in no order of ours.
 * - The outbox is read by what is not published yet and never from an id on: ids commit out of order.
 */
import type { Migration } from "../migration.ts";

const productOption = `CREATE TABLE IF NOT EXISTS product_option (
  option_no INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  option_id VARBINARY(256) NOT NULL,
  stock INT UNSIGNED NOT NULL,
  UNIQUE KEY option_id (option_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const userBalance = `CREATE TABLE IF NOT EXISTS user_balance (
  user_id VARBINARY(256) NOT NULL PRIMARY KEY,
  balance BIGINT UNSIGNED NOT NULL COMMENT 'won'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const purchaseOrder = `CREATE TABLE IF NOT EXISTS purchase_order (
  order_id BINARY(16) NOT NULL PRIMARY KEY,
  user_id VARBINARY(256) NOT NULL,
  status TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '1 before payment, 2 after payment',
  created_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const orderItem = `CREATE TABLE IF NOT EXISTS order_item (
  order_id BINARY(16) NOT NULL,
  line_no SMALLINT UNSIGNED NOT NULL,
  option_no INT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  unit_price BIGINT UNSIGNED NOT NULL COMMENT 'won',
  PRIMARY KEY (order_id, line_no),
  CONSTRAINT some_of_it CHECK (quantity >= 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

// A coupon may stand in several orders: the first of them that is paid uses it.
const orderCoupon = `CREATE TABLE IF NOT EXISTS order_coupon (
  order_id BINARY(16) NOT NULL,
  reservation_id BINARY(16) NOT NULL,
  PRIMARY KEY (order_id, reservation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const payment = `CREATE TABLE IF NOT EXISTS payment (
  payment_id BINARY(16) NOT NULL PRIMARY KEY,
  order_id BINARY(16) NOT NULL,
  user_id VARBINARY(256) NOT NULL,
  amount BIGINT UNSIGNED NOT NULL COMMENT 'won, after the discount',
  discount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  paid_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  UNIQUE KEY one_an_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

// Written with the payment: a key that led to a refusal is free again.
const paymentKey = `CREATE TABLE IF NOT EXISTS payment_key (
  user_id VARBINARY(256) NOT NULL,
  key_hash BINARY(32) NOT NULL,
  fingerprint BINARY(32) NOT NULL,
  payment_id BINARY(16) NOT NULL,
  created_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms, by the database''s clock',
  PRIMARY KEY (user_id, key_hash),
  KEY by_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

// `published_at` is 0 and not NULL before that, so that one index range holds what is to be published, in order.
const outbox = `CREATE TABLE IF NOT EXISTS outbox (
  outbox_no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payment_id BINARY(16) NOT NULL,
  order_id BINARY(16) NOT NULL,
  user_id VARBINARY(256) NOT NULL,
  amount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  discount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  paid_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms',
  published_at BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'epoch ms, 0 before',
  KEY unpublished (published_at, outbox_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the tables of payments. */
export const paymentTables: Migration = {
  name: "0003-payments",
  statements: [productOption, userBalance, purchaseOrder, orderItem, orderCoupon, payment, paymentKey, outbox],
};
