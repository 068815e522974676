/** The rule of a coupon's terms: whether they refuse a request, as not open, closed or under another policy. */
import type { Coupon, CouponIssueRequested } from "../../schemas/coupon.ts";

/** The request was accepted before the coupon opened. Nothing is held. */
export type NotOpen = { readonly kind: "notOpen" };
/** The request was accepted after the coupon closed. Nothing is held. */
export type Closed = { readonly kind: "closed" };
/** No coupon has this id. Nothing is held. */
export type UnknownCoupon = { readonly kind: "unknownCoupon" };
/** The user was shown another policy than the coupon has. Nothing is held. */
export type OtherPolicy = { readonly kind: "otherPolicy" };
/** Every refusal by the terms of a coupon. */
export type RefusedByTerms = NotOpen | Closed | OtherPolicy;

/**
 * Why the terms refuse a request; undefined where they admit it, and the stock decides. Pure. `acceptedAt` is epoch ms by the
 * broker's clock, so the answer is the same at every delivery. A coupon is open from `opensAt`, included, to `closesAt`, not included.
 */
export const checkTerms = (
  { policyId }: Pick<CouponIssueRequested, "policyId">,
  coupon: Coupon,
  acceptedAt: number,
): RefusedByTerms | undefined => {
  if (coupon.opensAt !== null && acceptedAt < coupon.opensAt) return { kind: "notOpen" };
  if (coupon.closesAt !== null && acceptedAt >= coupon.closesAt) return { kind: "closed" };
  if (policyId !== null && policyId !== coupon.policyId) return { kind: "otherPolicy" };
  return undefined;
};
