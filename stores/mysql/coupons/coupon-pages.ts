/** Goes through all coupons there are, a page at each call, and then from the beginning again. */
import type { CouponId } from "../../../schemas/coupon.ts";
import type { Database } from "../database.ts";
import { withSession } from "../session.ts";

const nextPage = "SELECT coupon_no, coupon_id FROM coupon WHERE coupon_no > ? ORDER BY coupon_no LIMIT ?";

/** Answers the next page of at most `rows` coupons; an empty one at the end, after which the first comes again. @throws Unavailable */
export const couponPages = (database: Database, rows: number): (() => Promise<readonly CouponId[]>) => {
  let after = 0;
  return async () => {
    const page = await withSession(database, (session) =>
      session.rows<{ readonly coupon_no: number; readonly coupon_id: Buffer }>(nextPage, [after, String(rows)]),
    );
    after = page.length < rows ? 0 : (page.at(-1)?.coupon_no ?? 0);
    // Checked when the coupon was opened.
    return page.map(({ coupon_id }) => coupon_id.toString() as CouponId);
  };
};
