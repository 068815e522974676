/** What warms a worker up is the workload itself, beside it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { partitionOfKey } from "../../../engine/log/producer/partitioner.ts";
import { duplicates, hot, poison, tail, uniform } from "../scenarios.ts";
import { warmUpOf } from "./warm-up.ts";

const partitionOf = (couponId: string): number => partitionOfKey(Buffer.from(couponId), 6);

test("warm-up: asks as its workload does, for other coupons of the same partitions", () => {
  for (const scenario of [hot("b", 1_000), uniform("b", 1_000, 50), duplicates("b", 900), poison("b", 1_000)]) {
    const warmUp = warmUpOf(scenario, 300, partitionOf);
    const own = new Set(scenario.coupons.map(({ couponId }) => couponId));
    const opened = new Set(warmUp.coupons.map(({ couponId }) => couponId));
    assert.equal(warmUp.requests, 300);
    assert.equal(opened.size, own.size);
    for (let n = 0; n < warmUp.requests; n++) {
      const [asked, warm] = [scenario.ask(n), warmUp.ask(n)];
      assert.ok(opened.has(warm.couponId) && !own.has(warm.couponId));
      assert.equal(partitionOf(warm.couponId), partitionOf(asked.couponId));
      assert.deepEqual({ ...warm, couponId: "" }, { ...asked, couponId: "" });
    }
  }
});

test("warm-up: sells out where its workload does, and is no longer than that one", () => {
  assert.equal(warmUpOf(tail("b", 1_000), 500, partitionOf).coupons[0]?.stock, 50);
  assert.equal(warmUpOf(hot("b", 100), 500, partitionOf).requests, 100);
});
