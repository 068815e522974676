/**
 * Coupons, their terms, who has one, and who was refused. Small rows and no more indexes than a decision needs.
 *
 * - Ids are VARBINARY: 64 characters of UTF-8 at most, compared byte for byte. The `_bin` collations that MariaDB and
 *   MySQL share ignore trailing spaces, so `u1` and `u1 ` would be one user.
 * - A reservation id is a UUIDv7 in 16 bytes, so the two large primary keys grow at their end; random ids cost a
 *   factor of two to six once a table outgrows the buffer pool.
 * - `user_coupon` and `refusal` have no foreign keys: checking one takes a shared lock on the coupon's row, which the
 *   same transaction then updates; two of them would deadlock on every hot coupon. Coupons are never deleted.
 */
import type { Migration } from "../migration.ts";

const policySnapshot = `CREATE TABLE IF NOT EXISTS policy_snapshot (
  snapshot_no INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  policy_id VARBINARY(256) NOT NULL,
  name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  discount_kind TINYINT UNSIGNED NOT NULL COMMENT '1 fixed, 2 percent',
  discount_amount BIGINT UNSIGNED NOT NULL COMMENT 'won; the most it takes off where percent',
  discount_percent TINYINT UNSIGNED NULL,
  min_order_amount BIGINT UNSIGNED NOT NULL COMMENT 'won',
  content_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of all of the above',
  UNIQUE KEY content (content_hash),
  CONSTRAINT discount CHECK ((discount_kind = 1 AND discount_percent IS NULL)
    OR (discount_kind = 2 AND discount_percent IS NOT NULL AND discount_percent BETWEEN 1 AND 100))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const coupon = `CREATE TABLE IF NOT EXISTS coupon (
  coupon_no INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  coupon_id VARBINARY(256) NOT NULL,
  snapshot_no INT UNSIGNED NOT NULL,
  stock INT UNSIGNED NOT NULL,
  remaining INT UNSIGNED NOT NULL,
  opens_at BIGINT UNSIGNED NULL COMMENT 'epoch ms',
  closes_at BIGINT UNSIGNED NULL COMMENT 'epoch ms',
  valid_for_days SMALLINT UNSIGNED NOT NULL,
  UNIQUE KEY coupon_id (coupon_id),
  CONSTRAINT within_stock CHECK (remaining BETWEEN 0 AND stock)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const userCoupon = `CREATE TABLE IF NOT EXISTS user_coupon (
  reservation_id BINARY(16) NOT NULL PRIMARY KEY,
  coupon_no INT UNSIGNED NOT NULL,
  user_id VARBINARY(256) NOT NULL,
  snapshot_no INT UNSIGNED NOT NULL,
  status TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '1 issued, 2 used',
  issued_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms',
  expires_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms',
  UNIQUE KEY one_a_user (coupon_no, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

// The coupon by its id, not its number: one reason to refuse is that there is no such coupon.
const refusal = `CREATE TABLE IF NOT EXISTS refusal (
  reservation_id BINARY(16) NOT NULL PRIMARY KEY,
  coupon_id VARBINARY(256) NOT NULL,
  user_id VARBINARY(256) NOT NULL,
  reason TINYINT UNSIGNED NOT NULL COMMENT 'see reason-codes.ts',
  refused_at BIGINT UNSIGNED NOT NULL COMMENT 'epoch ms'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** Creates the coupon tables. Statement by statement idempotent, because the server commits after each. */
export const coupons: Migration = {
  name: "0001-coupons",
  statements: [policySnapshot, coupon, userCoupon, refusal],
};
