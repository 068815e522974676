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
    processedIn ??= partitionsOf(processed());
    return !processedIn.has(partition);
  };
};

const partitionsOf = (places: Iterable<At>): ReadonlySet<number> => {
  const partitions = new Set<number>();
  for (const place of places) partitions.add(place.partition);
  return partitions;
};

/** Requests without a verdict that the workers' group has not processed yet. */
export const pendingOf = ({ accepted, issued, refused, group }: CouponFacts): ReadonlySet<ReservationId> => {
  const hasVerdict = (id: ReservationId): boolean => issued.has(id) || refused.has(id);
  const decided = function* (): Generator<At> {
    for (const [id, one] of accepted) if (hasVerdict(id)) yield one;
  };
  const isPending = isBehind(group.committed, decided);
  const pending = new Set<ReservationId>();
  for (const [id, one] of accepted) if (!hasVerdict(id) && isPending(one)) pending.add(id);
  return pending;
};
