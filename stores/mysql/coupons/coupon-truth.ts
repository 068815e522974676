/** What the database says of coupons, for the gate to be held against. */
import { Fatal } from "../../../engine/errors.ts";
import type { Fence } from "../../../engine/lease.ts";
import type { CouponTruth } from "../../../processors/coupons/reconcile-coupons.ts";
import { isStorableId } from "../../../schemas/ids.ts";
import { remainingColumns } from "./coupon-columns.ts";
import { couponCatalog } from "./coupon-catalog.ts";
import type { Database } from "../database.ts";
import { inFencedTransaction } from "../partition-lease.ts";

// A round that takes from the coupon has its row locked until it ends, so this waits for a COMMIT that is still on its way.
const lockRemaining = `SELECT ${remainingColumns.list} FROM coupon WHERE coupon_id = ? LOCK IN SHARE MODE`;

/** The {@link CouponTruth} of a database. `stored` needs a fence. @throws Fenced where it is not the lease's latest. */
export const couponTruth = (database: Database, fence?: Fence): CouponTruth => ({
  remaining: couponCatalog(database).remaining,
  stored: async (couponId) => {
    if (fence === undefined) throw new Fatal("NO_LEASE", "a coupon is reconciled by the lease of its partition only");
    if (!isStorableId(couponId)) return undefined;
    return inFencedTransaction(database, fence, async (session) => {
      const [row] = await session.select(remainingColumns, lockRemaining, [Buffer.from(couponId)]);
      return row?.remaining;
    });
  },
});
