/** Tables that are already large: small tables flatter everybody. */
import { openDatabase } from "../../../stores/mysql/database.ts";
import { type Session, withSession } from "../../../stores/mysql/session.ts";
import { columns, integerColumn } from "../../../stores/mysql/columns/columns.ts";

/** Rows of a million. */
export const millionRows = 1_000_000;

/** Rows of user coupons, and of the history, that there are before anything is measured; million. */
export const usualMillions = 1;

const digits =
  "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";

const addSnapshot = `INSERT INTO policy_snapshot
  (policy_id, name, discount_kind, discount_amount, discount_percent, min_order_amount, content_hash)
  VALUES ('filler', 'Filler', 1, 0, NULL, 0, UNHEX(SHA2('filler', 256)))
  ON DUPLICATE KEY UPDATE snapshot_no = LAST_INSERT_ID(snapshot_no)`;

const addCoupon = `INSERT INTO coupon (coupon_id, snapshot_no, stock, remaining, valid_for_days)
  SELECT ?, snapshot_no, ${millionRows}, 0, 1 FROM policy_snapshot WHERE policy_id = 'filler'`;

const million = `(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d AS n
    FROM ${digits} a, ${digits} b, ${digits} c, ${digits} d, ${digits} e, ${digits} f) AS n`;

/** Ids like those of a year ago: UUIDv7, in order, before all that is measured. `from` is of the first row of a million. */
const idOfThen = (from: string): string =>
  `UNHEX(CONCAT(LPAD(HEX(1700000000000 + (${from} + n.n) DIV 10), 12, '0'), '70008000', LPAD(HEX(${from} + n.n), 12, '0')))`;

const addRows = `INSERT INTO user_coupon (reservation_id, coupon_no, user_id, snapshot_no, issued_at, expires_at)
  SELECT ${idOfThen("?")}, coupon.coupon_no, CONCAT('filler-', n.n), coupon.snapshot_no, 1700000000000, 1700000000000
  FROM ${million} JOIN coupon ON coupon.coupon_id = ?
  ORDER BY n.n`;

const addHistory = `INSERT INTO transaction_history (payment_id, order_id, user_id, amount, discount, paid_at)
  SELECT ${idOfThen("0")}, ${idOfThen("0")}, CONCAT('filler-', n.n), 1000, 0, 1700000000000 FROM ${million} ORDER BY n.n`;

/**
 * Fills the table of user coupons up to so many million rows, a coupon each; answers whether there was anything to do.
 * @throws Unavailable, and the signal's reason between two millions
 */
export const fillTable = (databaseUrl: string, millions: number, signal?: AbortSignal): Promise<boolean> =>
  inSession(databaseUrl, async (session) => {
    let isChanged = false;
    for (let at = 0; at < millions; at++) {
      signal?.throwIfAborted();
      const couponId = at === 0 ? "filler" : `filler-${at + 1}`;
      if ((await countOf(session, "SELECT COUNT(*) AS n FROM coupon WHERE coupon_id = ?", [couponId])) > 0) continue;
      isChanged = true;
      await session.change(addSnapshot, []);
      await session.change(addCoupon, [couponId]);
      await session.change(addRows, [at * millionRows, at * millionRows, couponId]);
    }
    return isChanged;
  });

/** Empties the table of user coupons, whosever they are, so that it can be filled anew. @throws Unavailable */
export const emptyTable = (databaseUrl: string): Promise<void> =>
  inSession(databaseUrl, async ({ change }) => {
    await change("TRUNCATE TABLE user_coupon", []);
    await change("DELETE FROM coupon WHERE coupon_id LIKE 'filler%'", []);
  });

/** Fills the history of payments, once; answers whether there was anything to do. @throws Unavailable */
export const fillHistory = (databaseUrl: string): Promise<boolean> =>
  inSession(databaseUrl, async (session) => {
    const any =
      "SELECT COUNT(*) AS n FROM (SELECT payment_id FROM transaction_history ORDER BY payment_id LIMIT 1) AS one";
    if ((await countOf(session, any, [])) > 0) return false;
    await session.change(addHistory, []);
    return true;
  });

const countOf = async ({ select }: Session, sql: string, values: readonly string[]): Promise<number> => {
  const [found] = await select(columns("filler", { n: integerColumn() }), sql, values);
  return found?.n ?? 0;
};

const inSession = async <T>(databaseUrl: string, work: (session: Session) => Promise<T>): Promise<T> => {
  const database = openDatabase({ databaseUrl, poolMax: 1, poolKeptIdle: 0, statementTimeoutMs: 300_000 });
  try {
    return await withSession(database, work);
  } finally {
    await database.close();
  }
};
