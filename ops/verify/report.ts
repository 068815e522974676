/** What the verifier saw of each coupon, for programs: the numbers behind its checks. */
import type { CouponId } from "../../schemas/coupon.ts";
import type { CouponFacts } from "./facts.ts";
import { pendingOf } from "./pending.ts";

/** One coupon, as topic, database and Redis have it. */
export interface CouponReport {
  readonly couponId: CouponId;
  readonly stock: number;
  readonly remaining: number;
  readonly issued: number;
  /** Null where there is none: the next taker starts it from the database; null, too, where it is no number, or its key is not the gate's. */
  readonly counter: number | null;
  /** Whether its key in Redis holds something that the gate never wrote. */
  readonly wrongKey: boolean;
  /** Units in flight. */
  readonly marks: number;
  /** Requests that the workers have not read yet. */
  readonly pending: number;
}

/** Every coupon of the database, by id. */
export const reportCoupons = (facts: CouponFacts): readonly CouponReport[] => {
  const issued = countBy(facts.issued.values());
  const pending = countBy([...pendingOf(facts)].flatMap((id) => facts.accepted.get(id)?.request ?? []));
  return [...facts.coupons.values()].map(({ couponId, stock, remaining }) => ({
    couponId,
    stock,
    remaining,
    issued: issued.get(couponId) ?? 0,
    counter: counterOf(facts.counters.get(couponId)),
    wrongKey: facts.foreign.has(couponId),
    marks: facts.marks.get(couponId) ?? 0,
    pending: pending.get(couponId) ?? 0,
  }));
};

const counterOf = (found: number | undefined): number | null =>
  found === undefined || Number.isNaN(found) ? null : found;

const countBy = (rows: Iterable<{ readonly couponId: CouponId }>): ReadonlyMap<CouponId, number> => {
  const counts = new Map<CouponId, number>();
  for (const { couponId } of rows) counts.set(couponId, (counts.get(couponId) ?? 0) + 1);
  return counts;
};
