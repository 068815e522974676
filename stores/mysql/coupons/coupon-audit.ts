/** Reads everything there is about coupons, for a verifier that believes no other reader: coupons, user coupons, refusals. */
import type { OwnedVerdict } from "../../../processors/coupons/coupon-ports.ts";
import type { CouponId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { bytesOf } from "../../ids.ts";
import { columns, idColumn, integerColumn, joined, uuidColumn } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { eachRow, pageRows } from "../pages.ts";
import { policyColumns } from "./coupon-columns.ts";
import { reasonOfCode } from "./reason-codes.ts";
import { withSession } from "../session.ts";

/** A coupon as the database has it. */
export interface AuditedCoupon {
  readonly couponId: CouponId;
  readonly stock: number;
  readonly remaining: number;
}

/** A coupon, with how often it was issued, as of one moment. */
export interface TakenCoupon extends AuditedCoupon {
  readonly issued: number;
}

/** Reads whole tables, page by page; to be trusted where nothing is written meanwhile. */
export interface CouponAudit {
  /** Every coupon whose id begins with `prefix`; all of them where it is empty. @throws Unavailable */
  readonly coupons: (prefix: string) => Promise<readonly AuditedCoupon[]>;
  /** These coupons, each read in one statement, so right while coupons are issued; those that are not there are left out. @throws Unavailable */
  readonly taken: (couponIds: readonly CouponId[]) => Promise<readonly TakenCoupon[]>;
  /** Every verdict about such coupons, issued and refused. @throws Unavailable */
  readonly verdicts: (prefix: string, see: (id: ReservationId, verdict: OwnedVerdict) => void) => Promise<void>;
}

const stocks = columns("coupon", {
  couponId: idColumn<CouponId>(),
  stock: integerColumn(),
  remaining: integerColumn(),
});
const selectCoupons = `SELECT ${stocks.list} FROM coupon WHERE LEFT(coupon_id, LENGTH(?)) = ?`;

const takings = joined(
  stocks,
  columns(
    "coupon",
    { issued: integerColumn() },
    { issued: "(SELECT COUNT(*) FROM user_coupon WHERE user_coupon.coupon_no = coupon.coupon_no)" },
  ),
);
const selectTaking = `SELECT ${takings.list} FROM coupon WHERE coupon_id = ?`;

const issued = joined(
  columns("user_coupon", {
    reservationId: uuidColumn<ReservationId>(),
    userId: idColumn<UserId>(),
    issuedAt: integerColumn(),
    expiresAt: integerColumn(),
  }),
  joined(columns("coupon", { couponId: idColumn<CouponId>() }), policyColumns),
);
const selectIssued = `SELECT ${issued.list}
  FROM user_coupon
  JOIN coupon ON coupon.coupon_no = user_coupon.coupon_no
  JOIN policy_snapshot ON policy_snapshot.snapshot_no = user_coupon.snapshot_no
  WHERE user_coupon.reservation_id > ? AND LEFT(coupon.coupon_id, LENGTH(?)) = ?
  ORDER BY user_coupon.reservation_id LIMIT ${pageRows}`;

const refused = columns("refusal", {
  reservationId: uuidColumn<ReservationId>(),
  couponId: idColumn<CouponId>(),
  userId: idColumn<UserId>(),
  reason: integerColumn(),
  refusedAt: integerColumn(),
});
const selectRefused = `SELECT ${refused.list} FROM refusal
  WHERE reservation_id > ? AND LEFT(coupon_id, LENGTH(?)) = ?
  ORDER BY reservation_id LIMIT ${pageRows}`;

/** The audit of a database. */
export const couponAudit = (database: Database): CouponAudit => ({
  coupons: (prefix) => withSession(database, ({ select }) => select(stocks, selectCoupons, [prefix, prefix])),
  taken: (couponIds) =>
    withSession(database, async ({ select }) => {
      const found: TakenCoupon[] = [];
      for (const couponId of couponIds) found.push(...(await select(takings, selectTaking, [couponId])));
      return found;
    }),
  verdicts: (prefix, see) =>
    withSession(database, async (session) => {
      const paged = { ...byReservation, values: [prefix, prefix] };
      await eachRow(session, { columns: issued, sql: selectIssued, ...paged }, ({ reservationId, ...verdict }) =>
        see(reservationId, { kind: "issued", ...verdict }),
      );
      await eachRow(session, { columns: refused, sql: selectRefused, ...paged }, ({ reservationId, ...verdict }) =>
        see(reservationId, { kind: "refused", ...verdict, reason: reasonOfCode(verdict.reason) }),
      );
    }),
});

const byReservation = {
  from: Buffer.alloc(0),
  keyOf: ({ reservationId }: { readonly reservationId: ReservationId }) => bytesOf(reservationId),
};
