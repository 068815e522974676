/** How the gate names a coupon's hash: apart from the driver, because whoever only says the name needs none. */
import type { CouponId } from "../../schemas/coupon.ts";

/**
 * The hash of a coupon. The braces would keep it in one slot of a cluster; the scripts need all coupons on one server. Releases that
 * kept marks for a week have theirs at `sluice:coupon:`; those go by their time to live.
 */
export const stockKey = (couponId: CouponId): string => `sluice:gate:{${couponId}}`;
