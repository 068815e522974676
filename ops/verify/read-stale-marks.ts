/** Reads the gate's marks that have no issued coupon behind them. */
import pLimit from "p-limit";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import { type CouponGate, isEarned } from "../../processors/coupons/reconcile-coupons.ts";
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";
import type { StaleMark } from "./facts.ts";

/** Coupons whose marks are read at a time. */
const readAtOnce = 8;

/** The marks of these coupons that no row of `issued` accounts for. @throws Unavailable */
export const readStaleMarks = async (
  gate: Pick<CouponGate, "marks">,
  couponIds: readonly CouponId[],
  issued: ReadonlyMap<ReservationId, OwnedVerdict>,
): Promise<readonly StaleMark[]> => {
  const limit = pLimit(readAtOnce);
  const each = await limit.map(couponIds, (couponId) => staleMarksOf(gate, couponId, issued));
  // Not by push(...marks): a coupon may have more of them than a call can have arguments, some 125,000.
  return each.flat();
};

/** Pages may overlap while Redis makes the hash larger: each mark counts once. */
const staleMarksOf = async (
  gate: Pick<CouponGate, "marks">,
  couponId: CouponId,
  issued: ReadonlyMap<ReservationId, OwnedVerdict>,
): Promise<readonly StaleMark[]> => {
  const stale = new Map<string, StaleMark>();
  let from: string | undefined;
  do {
    const { marks, next } = await gate.marks(couponId, from);
    for (const mark of marks) if (!isEarned(couponId, mark, issued)) stale.set(mark.userId, { couponId, ...mark });
    from = next;
  } while (from !== undefined);
  return [...stale.values()];
};
