/** The gate as it is looked at and repaired: counters and marks as Redis has them. */
import type { Fence } from "../../engine/lease.ts";
import type { CouponGate } from "../../processors/coupons/reconcile-coupons.ts";
import type { RedisConnection } from "./connection.ts";
import { fencedBy, readCounters } from "./coupon-stock.ts";
import { stockKey } from "./stock-key.ts";
import { runScript } from "./script.ts";
import { repairScript } from "./stock-scripts.ts";

/** The {@link CouponGate} of a Redis, to the holder of a lease. */
export const couponGate = (redis: RedisConnection, fence?: Fence): CouponGate => ({
  counters: (couponIds) => readCounters(redis, couponIds),
  repair: async ({ couponId, seen, left }) => {
    const values = [String(fence?.epoch ?? 0), Number.isNaN(seen) ? "" : String(seen), String(left)];
    const answer = await runScript(redis.client, repairScript, { keys: [stockKey(couponId)], values });
    if (answer === -2 && fence !== undefined) throw await fencedBy(redis.client, fence, [{ key: stockKey(couponId) }]);
    return typeof answer === "number" && answer >= 0 ? answer : undefined;
  },
});
