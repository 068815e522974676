/**
 * The rows of a round as one JSON text, written into one buffer: an array for each row, and a text for each of its numbers and ids,
 * are 300 bytes a row that only become this text. Its times are nearly all those of the row before.
 */
import type { Issue } from "../../../processors/coupons/coupon-ports.ts";
import type { CouponId } from "../../../schemas/coupon.ts";
import { putHex } from "../../ids.ts";
import type { LockedCoupon } from "./round-statements.ts";

/** More than a row takes besides its user: 32 digits, four numbers of 16 and what is between them. */
const rowBytes = 128;
/** A character of a user's id takes 6 bytes at most, as an escape. */
const characterBytes = 6;

/** `[[id, coupon_no, user_id, snapshot_no, issued_at, expires_at], ...]`; the coupons are locked, so all are there. */
export const issueRows = (issues: readonly Issue[], coupons: ReadonlyMap<CouponId, LockedCoupon>): string => {
  let sizeBytes = 2;
  for (const { userId } of issues) sizeBytes += rowBytes + userId.length * characterBytes;
  const text = Buffer.allocUnsafe(sizeBytes);
  const numbers = textsOf(coupons);
  let [times, issuedFrom, expiresFrom] = ["", Number.NaN, Number.NaN];
  let at = putAscii(text, 0, "[");
  for (const { reservationId, couponId, userId, issuedAt, expiresAt } of issues) {
    if (issuedAt !== issuedFrom || expiresAt !== expiresFrom) {
      times = `,${issuedAt},${expiresAt}],`;
      [issuedFrom, expiresFrom] = [issuedAt, expiresAt];
    }
    const { couponNo, snapshotNo } = numbers.get(couponId) ?? noCoupon(couponId);
    at = putAscii(text, at, '["');
    putHex(text, at, reservationId);
    at = putAscii(text, at + hexDigits, couponNo);
    at = putText(text, at, userId);
    at = putAscii(text, at, snapshotNo);
    at = putAscii(text, at, times);
  }
  // The comma behind the last row becomes the end.
  if (issues.length > 0) at -= 1;
  return text.toString("utf8", 0, putAscii(text, at, "]"));
};

const hexDigits = 32;

/** The numbers of each coupon as they stand in its rows. */
const textsOf = (coupons: ReadonlyMap<CouponId, LockedCoupon>) => {
  const texts = new Map<CouponId, { readonly couponNo: string; readonly snapshotNo: string }>();
  for (const [couponId, { couponNo, snapshotNo }] of coupons)
    texts.set(couponId, { couponNo: `",${couponNo},`, snapshotNo: `,${snapshotNo}` });
  return texts;
};

/** Writes a text of some ten characters, one by one: 20 ns, and 56 by the buffer's own call. Answers where it ends. */
const putAscii = (target: Buffer, start: number, text: string): number => {
  for (let at = 0; at < text.length; at++) target[start + at] = text.charCodeAt(at);
  return start + text.length;
};

const noCoupon = (couponId: CouponId): never => {
  throw new RangeError(`coupon ${couponId} is not locked`);
};

const quote = 0x22;
const backslash = 0x5c;

/** Writes a text as JSON. Nearly all are plain ASCII, which is copied; another one is JSON.stringify's to write. */
const putText = (target: Buffer, start: number, text: string): number => {
  target[start] = quote;
  let to = start + 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e || code === quote || code === backslash)
      return start + target.write(JSON.stringify(text), start, "utf8");
    target[to++] = code;
  }
  target[to] = quote;
  return to + 1;
};
