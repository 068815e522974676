/** Goes through all coupons there are, a page at each call, and then from the beginning again. */
import type { CouponId } from "../../../schemas/coupon.ts";
import { columns, idColumn, integerColumn } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { withSession } from "../session.ts";

const numbered = columns("coupon", { couponNo: integerColumn(), couponId: idColumn<CouponId>() });
const nextPage = `SELECT ${numbered.list} FROM coupon WHERE coupon_no > ? ORDER BY coupon_no LIMIT ?`;

/** Answers the next page of at most `rows` coupons; an empty one at the end, after which the first comes again. @throws Unavailable */
export const couponPages = (database: Database, rows: number): (() => Promise<readonly CouponId[]>) => {
  let after = 0;
  return async () => {
    const page = await withSession(database, ({ select }) => select(numbered, nextPage, [after, String(rows)]));
    after = page.length < rows ? 0 : (page.at(-1)?.couponNo ?? 0);
    return page.map(({ couponId }) => couponId);
  };
};
