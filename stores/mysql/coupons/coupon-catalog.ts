/** The coupons there are: terms kept for as long as they are asked for, because they never change; stock always asked. */
import type { CouponCatalog } from "../../../processors/coupons/coupon-ports.ts";
import type { Coupon, CouponId, CouponPolicy, Discount, PolicyId, Won } from "../../../schemas/coupon.ts";
import { isStorableId } from "../../ids.ts";
import type { Database } from "../database.ts";
import { withSession } from "../session.ts";

/** How much is kept. */
export interface CatalogLimits {
  /** Terms kept at most, about 1 KB each; default 10,000. Those asked for longest ago go first. */
  readonly keptMaxCoupons?: number;
}

const wanted = `JSON_TABLE(?, '$[*]' COLUMNS (
    coupon_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')) AS wanted
  STRAIGHT_JOIN coupon ON coupon.coupon_id = CAST(wanted.coupon_id AS BINARY)`;

const findTerms = `SELECT coupon.coupon_id, coupon.stock, coupon.opens_at, coupon.closes_at, coupon.valid_for_days,
    policy_snapshot.policy_id, policy_snapshot.name, policy_snapshot.discount_kind, policy_snapshot.discount_amount,
    policy_snapshot.discount_percent, policy_snapshot.min_order_amount
  FROM ${wanted}
  STRAIGHT_JOIN policy_snapshot ON policy_snapshot.snapshot_no = coupon.snapshot_no`;

const findRemaining = `SELECT coupon.coupon_id, coupon.remaining FROM ${wanted}`;

interface TermsColumns {
  readonly coupon_id: Buffer;
  readonly stock: number;
  readonly opens_at: number | null;
  readonly closes_at: number | null;
  readonly valid_for_days: number;
  readonly policy_id: Buffer;
  readonly name: string;
  readonly discount_kind: number;
  readonly discount_amount: number;
  readonly discount_percent: number | null;
  readonly min_order_amount: number;
}

/**
 * The {@link CouponCatalog} of a database. An unknown id is never kept: it may be opened any moment, and whoever sends
 * made-up ids must not fill the memory.
 */
export const couponCatalog = (database: Database, { keptMaxCoupons = 10_000 }: CatalogLimits = {}): CouponCatalog => {
  // A Map keeps the order of insertion: taking out and putting back makes its first entry the one used longest ago.
  const kept = new Map<CouponId, Coupon>();
  const keep = (coupon: Coupon): void => {
    kept.delete(coupon.couponId);
    kept.set(coupon.couponId, coupon);
    const [oldest] = kept.keys();
    if (kept.size > keptMaxCoupons && oldest !== undefined) kept.delete(oldest);
  };
  return {
    find: async (couponIds) => {
      const found = new Map<CouponId, Coupon>();
      const missing = new Set<CouponId>();
      for (const couponId of couponIds) {
        const coupon = kept.get(couponId);
        if (coupon !== undefined) found.set(couponId, coupon);
        else if (isStorableId(couponId)) missing.add(couponId);
      }
      if (missing.size > 0) for (const coupon of await read(database, missing)) found.set(coupon.couponId, coupon);
      for (const coupon of found.values()) keep(coupon);
      return found;
    },
    remaining: async (couponIds) => {
      const ids = [...new Set(couponIds)].filter(isStorableId);
      if (ids.length === 0) return new Map();
      const rows = await withSession(database, (session) =>
        session.rows<{ readonly coupon_id: Buffer; readonly remaining: number }>(findRemaining, [JSON.stringify(ids)]),
      );
      return new Map(rows.map((row) => [row.coupon_id.toString() as CouponId, row.remaining]));
    },
  };
};

const read = async (database: Database, couponIds: ReadonlySet<CouponId>): Promise<readonly Coupon[]> => {
  const rows = await withSession(database, (session) =>
    session.rows<TermsColumns>(findTerms, [JSON.stringify([...couponIds])]),
  );
  return rows.map(toCoupon);
};

/** Ids and amounts were checked when the coupon was opened; the casts give them their names back. */
const toCoupon = (row: TermsColumns): Coupon => ({
  couponId: row.coupon_id.toString() as CouponId,
  policyId: row.policy_id.toString() as PolicyId,
  stock: row.stock,
  opensAt: row.opens_at,
  closesAt: row.closes_at,
  validForDays: row.valid_for_days,
  policy: toPolicy(row),
});

const toPolicy = (row: TermsColumns): CouponPolicy => ({
  name: row.name,
  discount: toDiscount(row),
  minOrderAmount: row.min_order_amount as Won,
});

/** A CHECK of the table lets only a percent discount, and every one of those, have a percentage. */
const toDiscount = ({ discount_percent: percent, discount_amount }: TermsColumns): Discount =>
  percent === null
    ? { kind: "fixed", amount: discount_amount as Won }
    : { kind: "percent", percent, maxAmount: discount_amount as Won };
