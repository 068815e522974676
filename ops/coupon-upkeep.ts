/** What a worker of coupon issuing looks after: that the gate says what the database says. */
import type { Fence } from "../processors/lease.ts";
import {
  createSuspicion,
  type GateRepair,
  type ReconcilePorts,
  reconcileCoupon,
  type Repair,
} from "../processors/reconcile-coupons.ts";
import type { Upkeep } from "../runtime/upkeep.ts";
import { type CouponId, couponIssueRequests } from "../schemas/coupon.ts";

/** What it reads and writes. */
export interface CouponUpkeepOptions extends Pick<ReconcilePorts, "catalog" | "verdicts"> {
  readonly intervalMs: number;
  /** The gate to the holder of a lease; to anybody, for looking, without one. */
  readonly gate: (fence?: Fence) => GateRepair;
  /** A page of all coupons there are, another one at each call. */
  readonly pages: () => Promise<readonly CouponId[]>;
  /** Told of everything that was set right. */
  readonly repaired: (repair: Repair) => void;
}

/** The upkeep of a coupon worker. */
export const couponUpkeep = ({ intervalMs, catalog, verdicts, gate, pages, repaired }: CouponUpkeepOptions): Upkeep => {
  const suspicion = createSuspicion({ catalog, gate: gate() });
  return {
    intervalMs,
    topic: couponIssueRequests.name,
    sweep: pages,
    // Keys of this topic are coupon ids; one that was never checked is none of the database's, and has no counter.
    suspects: (keys) => suspicion(keys as readonly CouponId[]),
    mend: async (key, alone) => {
      const repair = await reconcileCoupon(key as CouponId, (slice) =>
        alone((fence) => slice({ catalog, verdicts, gate: gate(fence) })),
      );
      if (repair !== undefined) repaired(repair);
    },
  };
};
