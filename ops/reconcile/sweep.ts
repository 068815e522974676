/**
 * When all coupons are to be looked at, and not only those of rounds: a round sets right whatever it comes by, so this is for what
 * a Redis that comes back has of coupons that nobody asks for.
 */
import type { CouponId } from "../../schemas/coupon.ts";

/** Passes without a page between two sweeps of one connection: ten minutes, where one is a second. */
const restPasses = 600;

/**
 * Answers a page of coupons at each call while a sweep goes on, and none in between. One begins at the start, whenever the
 * connection was opened anew, and after 600 calls without one: somebody may have changed a counter by hand. `nextPage` answers
 * fewer than `pageCoupons` at the end, and the first page after it.
 */
export const sweepAfterReconnecting = (
  connections: () => number,
  { nextPage, pageCoupons }: { readonly nextPage: () => Promise<readonly CouponId[]>; readonly pageCoupons: number },
): (() => Promise<readonly CouponId[]>) => {
  let [swept, rested] = [-1, 0];
  let sweeping: number | undefined;
  return async () => {
    const now = connections();
    if (sweeping === undefined && now === swept && rested++ < restPasses) return [];
    sweeping ??= now;
    const page = await nextPage();
    if (page.length < pageCoupons) [swept, rested, sweeping] = [sweeping, 0, undefined];
    return page;
  };
};
