/**
 * How often one user may ask on one route: a token bucket, taken from before a body is read or anything is queued. It is
 * kept as one number, the moment at which the bucket is full again (GCRA, ITU-T I.371), so that a user costs one entry of a
 * map of bounded size.
 */
import { createLru } from "../../../engine/lru.ts";
import { Problem, retryAfter } from "../problems/problems.ts";
import { callerOf, type Guard } from "./guards.ts";

/** The bounds of a bucket. */
export interface RateLimit {
  /** Requests a second in the long run; above 0. */
  readonly perSecond: number;
  /** Requests at once; 1 at least. */
  readonly burst: number;
  /**
   * Users remembered at most; never fewer than half of them, those who asked last. Who is forgotten has a full bucket. That changes
   * an answer only where so many others asked within the `burst / perSecond` seconds in which a bucket fills.
   */
  readonly maxUsers: number;
}

/**
 * Takes a token of a user's bucket at `nowMs`; answers 0, or, where there is none, the ms until there is one. What is
 * refused takes nothing. A clock that is set back leaves at most an empty bucket.
 */
export const createBuckets = ({ perSecond, burst, maxUsers }: RateLimit): ((user: string, nowMs: number) => number) => {
  const everyMs = 1_000 / perSecond;
  const capacityMs = burst * everyMs;
  const fullAtMs = createLru<string, number>(maxUsers);
  return (user, nowMs) => {
    const kept = fullAtMs.get(user) ?? nowMs;
    const known = Math.min(kept, nowMs + capacityMs);
    const next = Math.max(known, nowMs) + everyMs;
    const waitMs = next - capacityMs - nowMs;
    // The tolerance is a rounding error of the sums above: a token that is due is given.
    if (waitMs > 0.001) {
      // Or the bucket would not begin to fill before the old time comes again.
      if (known < kept) fullAtMs.set(user, known);
      return waitMs;
    }
    fullAtMs.set(user, next);
    return 0;
  };
};

/** A guard, behind authentication, with buckets of its own: make one for each route. Throws `too-many-requests`. */
export const limitRate = (limit: RateLimit, nowMs: () => number): Guard => {
  const take = createBuckets(limit);
  return (request, _reply, done) => {
    const waitMs = take(callerOf(request).userId, nowMs());
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1_000);
      throw new Problem("too-many-requests", {
        detail: `Nothing was done: ${limit.perSecond} requests a second are answered to one user here, ${limit.burst} at once.`,
        headers: retryAfter({ retryAfterSeconds }),
      });
    }
    done();
  };
};
