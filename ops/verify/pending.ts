/** Which records are not processed yet, because the consumer group has not committed an offset past them. */
import type { ReservationId } from "../../schemas/coupon.ts";
import type { CouponFacts } from "./facts.ts";

/** Where a record is, in its topic. */
interface At {
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * Whether a record is at or after the offset that the group has committed. Where the group has committed nothing in a
 * partition, although records of it are processed, another group processed them: then no record of it is pending, because
 * what is lost must not be called late.
 */
export const isBehind = (
  committed: readonly (bigint | undefined)[],
  processed: () => Iterable<At>,
): ((record: At) => boolean) => {
  let processedIn: ReadonlySet<number> | undefined;
  return ({ partition, offset }) => {
    const next = committed[partition];
    if (next !== undefined) return offset >= next;
    processedIn ??= new Set(Array.from(processed(), (one) => one.partition));
    return !processedIn.has(partition);
  };
};

/** Requests without a verdict that the workers' group has not processed yet. */
export const pendingOf = ({ accepted, issued, refused, group }: CouponFacts): ReadonlySet<ReservationId> => {
  const hasVerdict = (id: ReservationId): boolean => issued.has(id) || refused.has(id);
  const decided = () => [...accepted].flatMap(([id, one]) => (hasVerdict(id) ? [one] : []));
  const isPending = isBehind(group.committed, decided);
  return new Set([...accepted].flatMap(([id, one]) => (!hasVerdict(id) && isPending(one) ? [id] : [])));
};
