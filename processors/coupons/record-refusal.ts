/** Makes a refusal durable before it is published. */
import type { CouponIssueRequested, RefusalReason } from "../../schemas/coupon.ts";
import type { CouponBook, Verdict } from "./coupon-ports.ts";
import { defineProcessor, type Item } from "../../engine/flow/processor.ts";
import type { Closed, NotOpen, OtherPolicy, UnknownCoupon } from "./check-terms.ts";
import type { OfRequest, SoldOut } from "./reserve-stock.ts";
import type { Issued } from "./write-through.ts";

/** Every outcome of reserving that refuses. */
export type Refusable = SoldOut | NotOpen | Closed | UnknownCoupon | OtherPolicy;

/** The refusal is durable. */
export type Refused = {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  readonly refusedAt: number;
};
/** An earlier delivery of this request was issued and the gate has forgotten it; that verdict remains. */
export type IssuedBefore = Omit<Issued, "kind"> & { readonly kind: "issuedBefore" };

type Needs = { readonly book: CouponBook };

const reasons: Readonly<Record<Refusable["kind"], RefusalReason>> = {
  soldOut: "SOLD_OUT",
  notOpen: "NOT_OPEN",
  closed: "CLOSED",
  unknownCoupon: "UNKNOWN_COUPON",
  otherPolicy: "OTHER_POLICY",
};

/** Writes a round of refusals in one transaction. */
export const recordRefusal = defineProcessor({
  name: "record-refusal",
  compensatable: [],
  runMany: async (
    items: readonly Item<Refusable & OfRequest>[],
    { book }: Needs,
  ): Promise<readonly (Refused | IssuedBefore)[]> => {
    const verdicts = await book.refuse(
      items.map(({ value: { kind, request }, context }) => ({
        couponId: request.couponId,
        userId: request.userId,
        reservationId: request.reservationId,
        reason: reasons[kind],
        refusedAt: context.timestampMs,
      })),
    );
    return items.map(({ value: { request } }, at) => toOutcome(request, verdicts[at]));
  },
});

const toOutcome = (request: CouponIssueRequested, verdict: Verdict | undefined): Refused | IssuedBefore => {
  if (verdict === undefined) throw new RangeError(`the coupon book gave no verdict for ${request.reservationId}`);
  if (verdict.kind === "refused") return verdict;
  return { ...verdict, kind: "issuedBefore" };
};
