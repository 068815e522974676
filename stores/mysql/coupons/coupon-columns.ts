/** Columns of the coupon tables that several statements read. */
import type { CouponId, Discount, PolicyId, Won } from "../../../schemas/coupon.ts";
import { columns, idColumn, integerColumn, nullable, type RowOf, wonColumn } from "../columns/columns.ts";

/** What is left of a coupon. */
export const remainingColumns = columns("coupon", { couponId: idColumn<CouponId>(), remaining: integerColumn() });

/** The terms of a policy that a payment needs. */
export const discountColumns = columns("policy_snapshot", {
  discountAmount: wonColumn(),
  discountPercent: nullable(integerColumn()),
  minOrderAmount: wonColumn(),
});

/** A policy's id. */
export const policyColumns = columns("policy_snapshot", { policyId: idColumn<PolicyId>() });

/** The terms of {@link discountColumns}. A CHECK of the table lets only a percent discount, and every one, have a percentage. */
export const toTerms = ({
  discountPercent: percent,
  discountAmount,
  minOrderAmount,
}: RowOf<typeof discountColumns>): { readonly discount: Discount; readonly minOrderAmount: Won } => ({
  discount:
    percent === null
      ? { kind: "fixed", amount: discountAmount }
      : { kind: "percent", percent, maxAmount: discountAmount },
  minOrderAmount,
});
