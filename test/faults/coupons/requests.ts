/** Who asks for what under faults: new users, users who ask again, copies of a request, bytes that are no request. Pure. */
import type { Mint } from "../../../dev/mint.ts";
import type { CouponId, CouponIssueRequested, UserId } from "../../../schemas/coupon.ts";

/** A coupon of a load. */
export interface LoadCoupon {
  readonly couponId: CouponId;
  readonly stock: number;
}

/** One record to append: a request, or poison under a coupon's key. */
export interface Asked {
  readonly couponId: CouponId;
  /** Undefined for poison. */
  readonly request: CouponIssueRequested | undefined;
  /** Of poison: other bytes than {@link poison}. */
  readonly bytes?: Buffer;
}

/** Bytes that are no record: shorter than a schema id. */
export const poison = Buffer.from([1, 2, 3]);

/** A request of a user. */
export const requestOf = (mint: Mint, couponId: CouponId, userId: string): Asked => ({
  couponId,
  request: {
    // Branded where they are made: users here are names.
    reservationId: mint(userId as UserId),
    couponId,
    userId: userId as UserId,
    policyId: null,
    requestedAt: Date.now(),
  },
});

/** Every 20th asks again as an earlier user, every 25th is a copy of an earlier request, every 97th is poison. */
const every = { again: 20, copy: 25, poison: 97 } as const;

/** The records of a load, in order, endlessly: coupons take turns. `user` keeps the users of several loads apart. */
export const asks = function* (mint: Mint, coupons: readonly LoadCoupon[], user = "u"): Generator<Asked> {
  const asked = new Map<CouponId, Asked[]>();
  for (let n = 0; ; n++) {
    const couponId = coupons[n % coupons.length]?.couponId;
    if (couponId === undefined) return;
    const own = asked.get(couponId) ?? [];
    asked.set(couponId, own);
    const before = own[Math.floor(own.length / 2)];
    if (n % every.poison === every.poison - 1) yield { couponId, request: undefined };
    else if (n % every.copy === every.copy - 1 && before !== undefined) yield before;
    else {
      const again = n % every.again === every.again - 1 ? before?.request?.userId : undefined;
      const one = requestOf(mint, couponId, again ?? `${user}-${n}`);
      own.push(one);
      yield one;
    }
  }
};
