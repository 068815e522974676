/** Tables that are already large: small tables flatter everybody. */
import { openDatabase } from "../../../stores/mysql/database.ts";
import { withSession } from "../../../stores/mysql/session.ts";
import { columns, integerColumn } from "../../../stores/mysql/columns/columns.ts";

/** Rows of user coupons, and of the history, that there are before anything is measured. */
export const fillerRows = 1_000_000;

const digits =
  "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";

const addSnapshot = `INSERT INTO policy_snapshot
  (policy_id, name, discount_kind, discount_amount, discount_percent, min_order_amount, content_hash)
  VALUES ('filler', 'Filler', 1, 0, NULL, 0, UNHEX(SHA2('filler', 256)))
  ON DUPLICATE KEY UPDATE snapshot_no = LAST_INSERT_ID(snapshot_no)`;

const addCoupon = `INSERT INTO coupon (coupon_id, snapshot_no, stock, remaining, valid_for_days)
  SELECT 'filler', snapshot_no, ${fillerRows}, 0, 1 FROM policy_snapshot WHERE policy_id = 'filler'`;

const million = `(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d AS n
    FROM ${digits} a, ${digits} b, ${digits} c, ${digits} d, ${digits} e, ${digits} f) AS n`;

/** Ids like those of a year ago: UUIDv7, in order, before all that is measured. */
const idOfThen = "UNHEX(CONCAT(LPAD(HEX(1700000000000 + n.n DIV 10), 12, '0'), '70008000', LPAD(HEX(n.n), 12, '0')))";

const addRows = `INSERT INTO user_coupon (reservation_id, coupon_no, user_id, snapshot_no, issued_at, expires_at)
  SELECT ${idOfThen}, coupon.coupon_no, CONCAT('filler-', n.n), coupon.snapshot_no, 1700000000000, 1700000000000
  FROM ${million} JOIN coupon ON coupon.coupon_id = 'filler'
  ORDER BY n.n`;

const addHistory = `INSERT INTO transaction_history (payment_id, order_id, user_id, amount, discount, paid_at)
  SELECT ${idOfThen}, ${idOfThen}, CONCAT('filler-', n.n), 1000, 0, 1700000000000 FROM ${million} ORDER BY n.n`;

/** Fills the table of user coupons, once; answers whether there was anything to do. @throws Unavailable */
export const fillTable = (databaseUrl: string): Promise<boolean> =>
  fill(databaseUrl, "SELECT COUNT(*) AS n FROM coupon WHERE coupon_id = 'filler'", [addSnapshot, addCoupon, addRows]);

/** Fills the history of payments, once; answers whether there was anything to do. @throws Unavailable */
export const fillHistory = (databaseUrl: string): Promise<boolean> =>
  fill(
    databaseUrl,
    "SELECT COUNT(*) AS n FROM (SELECT payment_id FROM transaction_history ORDER BY payment_id LIMIT 1) AS one",
    [addHistory],
  );

const fill = async (databaseUrl: string, look: string, statements: readonly string[]): Promise<boolean> => {
  const database = openDatabase({ databaseUrl, poolMax: 1, poolKeptIdle: 0, statementTimeoutMs: 300_000 });
  try {
    return await withSession(database, async (session) => {
      const [found] = await session.select(columns("filler", { n: integerColumn() }), look, []);
      if (found !== undefined && found.n > 0) return false;
      for (const statement of statements) await session.change(statement, []);
      return true;
    });
  } finally {
    await database.close();
  }
};
