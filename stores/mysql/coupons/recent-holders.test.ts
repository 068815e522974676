/** The suspicion that a user has a coupon: what was remembered last is suspected, hardly anything else is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponId, UserId } from "../../../schemas/coupon.ts";
import { createRecentHolders } from "./recent-holders.ts";

const take = (user: string, coupon = "spring") => ({ couponId: coupon as CouponId, userId: user as UserId });

test("recent holders: suspects those it remembers, of that coupon only", () => {
  const recent = createRecentHolders();
  assert.equal(recent.suspects(take("user-1")), false);
  recent.remember(take("user-1"));
  assert.equal(recent.suspects(take("user-1")), true);
  assert.equal(recent.suspects(take("user-1", "autumn")), false);
  assert.equal(recent.suspects(take("user-2")), false);
});

test("recent holders: forgets few of the latest, and suspects few others, when millions were issued", () => {
  const recent = createRecentHolders();
  for (let n = 0; n < 2_000_000; n++) recent.remember(take(`user-${n}`));
  const count = (from: number, to: number) => {
    let found = 0;
    for (let n = from; n < to; n++) if (recent.suspects(take(`user-${n}`))) found++;
    return found;
  };
  assert.ok(count(1_990_000, 2_000_000) > 9_500);
  assert.ok(count(2_000_000, 2_100_000) < 100);
});
