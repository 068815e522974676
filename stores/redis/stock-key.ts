/** How the gate names a coupon's hash: apart from the driver, because whoever only says the name needs none. */
import type { CouponId } from "../../schemas/coupon.ts";

/**
 * The hash of a coupon. The braces would keep it in one slot of a cluster; the scripts need all coupons on one server. Releases that
 * kept marks for a week have theirs at `sluice:coupon:`; those go by their time to live.
 */
export const stockKey = (couponId: CouponId): string => `sluice:gate:{${couponId}}`;

/** What is said to an operator of a key that holds what the gate never wrote: nothing of ours removes it. */
export const foreignKey = (key: string): string => `its key ${key} in Redis is not the gate's: look at it, then DEL it`;
