/** Watches that a verdict, once its transaction is over, never becomes another. */
import type { OwnedVerdict } from "../../../processors/coupons/coupon-ports.ts";
import type { ReservationId } from "../../../schemas/coupon.ts";

/** To be called after every transaction. `changed` is called for each verdict that is not what it was. */
export const watchVerdicts = (
  verdicts: ReadonlyMap<ReservationId, OwnedVerdict>,
  changed: (id: ReservationId, couponId: string) => void,
): (() => void) => {
  const known = new Map<ReservationId, OwnedVerdict>();
  return () => {
    for (const [id, verdict] of verdicts) {
      const before = known.get(id);
      if (before === verdict) continue;
      if (before !== undefined && textOf(before) !== textOf(verdict)) changed(id, verdict.couponId);
      known.set(id, verdict);
    }
    for (const [id, { couponId }] of known) if (!verdicts.has(id)) changed(id, couponId);
  };
};

const textOf = (verdict: OwnedVerdict): string => JSON.stringify(Object.entries(verdict).toSorted());
