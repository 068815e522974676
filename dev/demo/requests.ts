/** Who asks for what in the burst: a plan of requests, made from a seedless recipe so that every run is alike. */

/** One request to make. */
export interface Ask {
  readonly userId: string;
  readonly couponId: string;
}

/** A burst, described. */
export interface BurstPlan {
  readonly couponId: string;
  /** Requests in all. */
  readonly requests: number;
  /** One in this many requests is a user asking a second time. */
  readonly secondAskEvery: number;
  /** One in this many requests is for a coupon that does not exist; none where it is 0. */
  readonly unknownEvery: number;
}

/** The asks of a burst, in the order in which they begin. */
export const planBurst = ({ couponId, requests, secondAskEvery, unknownEvery }: BurstPlan): readonly Ask[] => {
  const asks: Ask[] = [];
  for (let n = 0; n < requests; n++) {
    // A second ask names a user of a while ago, mostly one whose first ask has been decided or is in flight.
    const again = n > 0 && n % secondAskEvery === 0;
    const user = again ? Math.max(0, n - Math.ceil(secondAskEvery / 2)) : n;
    const unknown = !again && n % unknownEvery === 1;
    asks.push({ userId: `${couponId}-user-${user}`, couponId: unknown ? `${couponId}-typo` : couponId });
  }
  return asks;
};
