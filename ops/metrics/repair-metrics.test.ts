/** What is kept of a repair of the gate. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { silentLogger } from "../../engine/logger.ts";
import { createRepairs } from "../../engine/repairs.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { countRepairs } from "./repair-metrics.ts";

const couponId = "summer" as CouponId;

test("repairs of the gate: are kept with the coupon, what it was and what it is when one was made", () => {
  const kept = createRepairs(() => 7);
  const repaired = countRepairs(new Registry(), silentLogger, kept);
  repaired({ couponId, seen: 12, left: 10, droppedMarks: 2 });
  repaired({ couponId, seen: Number.NaN, left: 10, droppedMarks: 0 });
  const after = "10 left, none in flight";
  assert.deepEqual(kept.latest(), [
    { atMs: 7, what: "summer", before: "no number, 0 in flight", after },
    { atMs: 7, what: "summer", before: "12 left, 2 in flight", after },
  ]);
});
