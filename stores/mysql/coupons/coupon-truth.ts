/** What the database says of coupons, for the gate to be held against. */
import { Fatal } from "../../../engine/errors.ts";
import type { Fence } from "../../../engine/lease.ts";
import { type CouponTruth, repairMaxMarks } from "../../../processors/coupons/reconcile-coupons.ts";
import { isUuid, isStorableId } from "../../../schemas/ids.ts";
import { remainingColumns } from "./coupon-columns.ts";
import { couponCatalog } from "./coupon-catalog.ts";
import type { Database } from "../database.ts";
import { inFencedTransaction } from "../partition-lease.ts";
import { readVerdicts } from "./round-statements.ts";
import { verdictLookup } from "./verdict-lookup.ts";

// A round that takes from the coupon has its row locked until it ends, so this waits for a COMMIT that is still on its way.
const lockRemaining = `SELECT ${remainingColumns.list} FROM coupon WHERE coupon_id = ? LOCK IN SHARE MODE`;

/**
 * The {@link CouponTruth} of a database. `stored` needs a fence. @throws Fenced where it is not the lease's latest.
 * @throws Fatal above 1,000 reservations.
 */
export const couponTruth = (database: Database, fence?: Fence): CouponTruth => ({
  remaining: couponCatalog(database).remaining,
  find: verdictLookup(database).find,
  stored: async (couponId, reservationIds) => {
    if (fence === undefined) throw new Fatal("NO_LEASE", "a coupon is reconciled by the lease of its partition only");
    if (reservationIds.length > repairMaxMarks)
      throw new Fatal("LOOKUP_TOO_LARGE", `at most ${repairMaxMarks} ids a look, got ${reservationIds.length}`);
    if (!isStorableId(couponId)) return { remaining: undefined, verdicts: new Map() };
    const wanted = reservationIds.filter(isUuid).map((reservationId) => ({ reservationId }));
    return inFencedTransaction(database, fence, async (session) => {
      const [row] = await session.select(remainingColumns, lockRemaining, [Buffer.from(couponId)]);
      const verdicts = wanted.length === 0 ? new Map() : await readVerdicts(session, wanted);
      return { remaining: row?.remaining, verdicts };
    });
  },
});
