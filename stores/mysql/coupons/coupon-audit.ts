/** Reads everything there is about coupons, for a verifier that believes nobody: coupons, user coupons, refusals. */
import type { OwnedVerdict } from "../../../processors/coupons/coupon-ports.ts";
import type { CouponId, PolicyId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { reservationIdOf } from "../../ids.ts";
import type { Database } from "../database.ts";
import { eachRow, pageRows } from "../pages.ts";
import { reasonOfCode } from "./reason-codes.ts";
import { withSession } from "../session.ts";

/** A coupon as the database has it. */
export interface AuditedCoupon {
  readonly couponId: CouponId;
  readonly stock: number;
  readonly remaining: number;
}

/** Reads whole tables, page by page; to be trusted where nothing is written meanwhile. */
export interface CouponAudit {
  /** Every coupon whose id begins with `prefix`; all of them where it is empty. @throws Unavailable */
  readonly coupons: (prefix: string) => Promise<readonly AuditedCoupon[]>;
  /** Every verdict about such coupons, issued and refused. @throws Unavailable */
  readonly verdicts: (prefix: string, see: (id: ReservationId, verdict: OwnedVerdict) => void) => Promise<void>;
}

const selectCoupons = `SELECT coupon_id, stock, remaining FROM coupon WHERE LEFT(coupon_id, LENGTH(?)) = ?`;

const selectIssued = `SELECT u.reservation_id, c.coupon_id, u.user_id, p.policy_id, u.issued_at, u.expires_at
  FROM user_coupon AS u
  JOIN coupon AS c ON c.coupon_no = u.coupon_no
  JOIN policy_snapshot AS p ON p.snapshot_no = u.snapshot_no
  WHERE u.reservation_id > ? AND LEFT(c.coupon_id, LENGTH(?)) = ?
  ORDER BY u.reservation_id LIMIT ${pageRows}`;

const selectRefused = `SELECT reservation_id, coupon_id, user_id, reason, refused_at FROM refusal
  WHERE reservation_id > ? AND LEFT(coupon_id, LENGTH(?)) = ?
  ORDER BY reservation_id LIMIT ${pageRows}`;

interface VerdictRow {
  readonly reservation_id: Buffer;
  readonly coupon_id: Buffer;
  readonly user_id: Buffer;
}
type IssuedRow = VerdictRow & { readonly policy_id: Buffer; readonly issued_at: number; readonly expires_at: number };
type RefusedRow = VerdictRow & { readonly reason: number; readonly refused_at: number };

/** The audit of a database. */
export const couponAudit = (database: Database): CouponAudit => ({
  coupons: (prefix) =>
    withSession(database, async (session) => {
      const rows = await session.rows<{ coupon_id: Buffer; stock: number; remaining: number }>(selectCoupons, [
        prefix,
        prefix,
      ]);
      return rows.map(({ coupon_id, stock, remaining }) => ({
        couponId: coupon_id.toString() as CouponId,
        stock,
        remaining,
      }));
    }),
  verdicts: (prefix, see) =>
    withSession(database, async (session) => {
      await eachRow<IssuedRow>(session, { sql: selectIssued, ...byReservation(prefix) }, (row) =>
        see(reservationIdOf(row.reservation_id), {
          kind: "issued",
          ...ownerOf(row),
          policyId: row.policy_id.toString() as PolicyId,
          issuedAt: row.issued_at,
          expiresAt: row.expires_at,
        }),
      );
      await eachRow<RefusedRow>(session, { sql: selectRefused, ...byReservation(prefix) }, (row) =>
        see(reservationIdOf(row.reservation_id), {
          kind: "refused",
          ...ownerOf(row),
          reason: reasonOfCode(row.reason),
          refusedAt: row.refused_at,
        }),
      );
    }),
});

/** The casts give ids their names back; they were checked when they were written. */
const ownerOf = (row: VerdictRow): { readonly couponId: CouponId; readonly userId: UserId } => ({
  couponId: row.coupon_id.toString() as CouponId,
  userId: row.user_id.toString() as UserId,
});

const byReservation = (prefix: string) => ({
  from: Buffer.alloc(0),
  keyOf: ({ reservation_id }: VerdictRow) => Buffer.from(reservation_id),
  values: [prefix, prefix],
});
