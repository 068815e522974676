/** How many letters ask for a coupon that is sold out now: they would be refused, and that stands. */
import type { ReplayAdvice } from "../../engine/dlq/plan/advice.ts";
import type { CouponId, CouponIssueRequested } from "../../schemas/coupon.ts";
import { couponCatalog } from "../../stores/mysql/coupons/coupon-catalog.ts";
import { openDatabase } from "../../stores/mysql/database.ts";

/** Coupons of one query. */
const couponsAtOnce = 1_000;

/** Asks the database once for every thousand coupons; Redis is a copy of it. */
export const soldOutAdvice: ReplayAdvice<{ readonly databaseUrl: string }> = async ({ databaseUrl }) => {
  const database = openDatabase({ databaseUrl, poolMax: 1, poolKeptIdle: 0 });
  const catalog = couponCatalog(database);
  const asked = new Map<CouponId, number>();
  return {
    // The topology reads one topic: every value is one of its records.
    see: (value) => {
      const { couponId } = value as CouponIssueRequested;
      asked.set(couponId, (asked.get(couponId) ?? 0) + 1);
    },
    advise: async () => {
      const coupons = [...asked.keys()];
      let [soldOut, short] = [0, 0];
      for (let at = 0; at < coupons.length; at += couponsAtOnce) {
        const remaining = await catalog.remaining(coupons.slice(at, at + couponsAtOnce));
        for (const [couponId, left] of remaining) {
          const letters = asked.get(couponId) ?? 0;
          if (left === 0) soldOut += letters;
          else if (left < letters) short += letters - left;
        }
      }
      return [
        ...(soldOut > 0 ? [`${soldOut} of them ask for a coupon that is sold out`] : []),
        ...(short > 0 ? [`at least ${short} more ask for a coupon that has fewer units than they are`] : []),
      ];
    },
    close: database.close,
  };
};
