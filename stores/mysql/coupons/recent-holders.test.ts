/** The suspicion that a user has a coupon: what was remembered last is suspected, hardly anything else is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponId, UserId } from "../../../schemas/coupon.ts";
import { createRecentHolders } from "./recent-holders.ts";

const take = (user: string, coupon = "spring") => ({ couponId: coupon as CouponId, userId: user as UserId });

test("recent holders: suspects those it remembers, of that coupon only", () => {
  const recent = createRecentHolders();
  const first = recent.look([take("user-1")]);
  assert.deepEqual(first.suspects, []);
  assert.deepEqual(recent.look([take("user-1")]).suspects, []);
  first.remember();
  const others = [take("user-1", "autumn"), take("user-2")];
  assert.deepEqual(recent.look([...others, take("user-1")]).suspects, [take("user-1")]);
});

test("recent holders: forgets few of the latest, and suspects few others, when millions were issued", () => {
  const recent = createRecentHolders();
  const users = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => take(`user-${from + at}`));
  for (let n = 0; n < 2_000_000; n += 10_000) recent.look(users(n, n + 10_000)).remember();
  const count = (from: number, to: number) => recent.look(users(from, to)).suspects.length;
  assert.ok(count(1_990_000, 2_000_000) > 9_500);
  assert.ok(count(2_000_000, 2_100_000) < 100);
});
