/** Which requests without a verdict are merely not decided yet, because the workers' group has not come to them. */
import type { ReservationId } from "../../schemas/coupon.ts";
import type { Accepted, CouponFacts } from "./facts.ts";

/**
 * Requests that have no verdict and stand at or behind the offset the group has committed. Where it has committed nothing in
 * a partition, although requests there have verdicts, the group is another one than those who decided: then nothing is
 * pending, because what is lost must not be called late.
 */
export const pendingOf = (facts: CouponFacts): ReadonlySet<ReservationId> => {
  const { accepted, issued, refused, group } = facts;
  const pending = new Set<ReservationId>();
  const hasVerdict = (id: ReservationId): boolean => issued.has(id) || refused.has(id);
  let decidedIn: ReadonlySet<number> | undefined;
  const isBehind = ({ partition, offset }: Accepted): boolean => {
    const committed = group.committed[partition];
    if (committed !== undefined) return offset >= committed;
    decidedIn ??= new Set([...accepted].flatMap(([id, one]) => (hasVerdict(id) ? [one.partition] : [])));
    return !decidedIn.has(partition);
  };
  for (const [id, one] of accepted) if (!hasVerdict(id) && isBehind(one)) pending.add(id);
  return pending;
};
