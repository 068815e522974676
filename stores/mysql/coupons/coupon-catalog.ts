/** The coupons there are: terms kept for as long as they are asked for, because they never change; stock always asked. */
import type { CouponCatalog } from "../../../processors/coupons/coupon-ports.ts";
import { createLru } from "../../../engine/lru.ts";
import type { Coupon, CouponId } from "../../../schemas/coupon.ts";
import { isStorableId } from "../../../schemas/ids.ts";
import { columns, idColumn, integerColumn, joined, nullable, type RowOf, textColumn } from "../columns/columns.ts";
import { discountColumns, policyColumns, remainingColumns, toTerms } from "./coupon-columns.ts";
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

const termsColumns = joined(
  columns("coupon", {
    couponId: idColumn<CouponId>(),
    stock: integerColumn(),
    opensAt: nullable(integerColumn()),
    closesAt: nullable(integerColumn()),
    validForDays: integerColumn(),
  }),
  joined(joined(policyColumns, columns("policy_snapshot", { name: textColumn() })), discountColumns),
);

const findTerms = `SELECT ${termsColumns.list}
  FROM ${wanted}
  STRAIGHT_JOIN policy_snapshot ON policy_snapshot.snapshot_no = coupon.snapshot_no`;

const findRemaining = `SELECT ${remainingColumns.list} FROM ${wanted}`;

/**
 * The {@link CouponCatalog} of a database. An unknown id is never kept: it may be opened any moment, and made-up
 * ids must not fill the memory.
 */
export const couponCatalog = (database: Database, { keptMaxCoupons = 10_000 }: CatalogLimits = {}): CouponCatalog => {
  const kept = createLru<CouponId, Coupon>(keptMaxCoupons);
  return {
    find: async (couponIds) => {
      const found = new Map<CouponId, Coupon>();
      const missing = new Set<CouponId>();
      for (const couponId of couponIds) {
        const coupon = kept.get(couponId);
        if (coupon !== undefined) found.set(couponId, coupon);
        else if (isStorableId(couponId)) missing.add(couponId);
      }
      if (missing.size === 0) return found;
      for (const coupon of await read(database, missing)) {
        found.set(coupon.couponId, coupon);
        kept.set(coupon.couponId, coupon);
      }
      return found;
    },
    remaining: async (couponIds) => {
      const ids = [...new Set(couponIds)].filter(isStorableId);
      if (ids.length === 0) return new Map();
      const rows = await withSession(database, ({ select }) =>
        select(remainingColumns, findRemaining, [JSON.stringify(ids)]),
      );
      return new Map(rows.map(({ couponId, remaining }) => [couponId, remaining]));
    },
  };
};

const read = async (database: Database, couponIds: ReadonlySet<CouponId>): Promise<readonly Coupon[]> => {
  const rows = await withSession(database, ({ select }) =>
    select(termsColumns, findTerms, [JSON.stringify([...couponIds])]),
  );
  return rows.map(toCoupon);
};

const toCoupon = ({
  name,
  couponId,
  policyId,
  stock,
  opensAt,
  closesAt,
  validForDays,
  ...discount
}: Terms): Coupon => ({
  ...{ couponId, policyId, stock, opensAt, closesAt, validForDays },
  policy: { name, ...toTerms(discount) },
});

type Terms = RowOf<typeof termsColumns>;
