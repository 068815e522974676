/** The rows of a round as JSON. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anIssue } from "../../../processors/testing/samples.ts";
import type { CouponId, UserId } from "../../../schemas/coupon.ts";
import { hexOf } from "../../ids.ts";
import { issueRows } from "./issue-rows.ts";

const coupons = new Map(
  [0, 1, 2].map((n) => [`c${n}` as CouponId, { couponNo: 10 ** n * 3, snapshotNo: 4_294_967_295 - n, remaining: 0 }]),
);

test("rows of issues: are the JSON of their fields, whatever a user is called", () => {
  const moment = fc.oneof(fc.nat(2), fc.maxSafeNat());
  const issue = fc
    .tuple(fc.nat(2), fc.string({ unit: "grapheme", minLength: 1, maxLength: 255 }), moment, moment)
    .map(([coupon, userId, issuedAt, expiresAt]) =>
      anIssue(`c${coupon}` as CouponId, { userId: userId as UserId, issuedAt, expiresAt }),
    );
  fc.assert(
    fc.property(fc.array(issue, { maxLength: 20 }), (issues) => {
      const expected = issues.map(({ reservationId, couponId, userId, issuedAt, expiresAt }) => {
        const { couponNo, snapshotNo } = coupons.get(couponId) ?? assert.fail();
        return [hexOf(reservationId), couponNo, userId, snapshotNo, issuedAt, expiresAt];
      });
      assert.equal(issueRows(issues, coupons), JSON.stringify(expected));
    }),
    {
      examples: [
        [
          ['"', "\\", "\u007f", "\u00e9", "\ud83d\ude00", "\n", "a b"].map((userId) =>
            anIssue("c0" as CouponId, { userId: userId as UserId }),
          ),
        ],
      ],
    },
  );
});

test("rows of issues: are not written when a coupon is not locked", () => {
  assert.throws(() => issueRows([anIssue("c9" as CouponId)], coupons), RangeError);
});
