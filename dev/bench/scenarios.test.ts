/** The workloads are what they say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { duplicates, hot, uniform } from "./scenarios.ts";

const asks = (scenario: ReturnType<typeof hot>) => Array.from({ length: scenario.requests }, (_, n) => scenario.ask(n));

test("scenarios: ask for one coupon by different users when it is hot", () => {
  const all = asks(hot("b", 100));
  assert.equal(new Set(all.map(({ couponId }) => couponId)).size, 1);
  assert.equal(new Set(all.map(({ userId }) => userId)).size, 100);
});

test("scenarios: have every tenth user ask twice when duplicates are measured", () => {
  const counts = Map.groupBy(asks(duplicates("b", 1_000)), ({ userId }) => userId);
  assert.equal(counts.size, 1_000);
  assert.equal([...counts.values()].filter((some) => some.length === 2).length, 100);
});

test("scenarios: spread alike and give each coupon the stock it needs when uniform", () => {
  const scenario = uniform("b", 10_000, 100);
  const counts = Map.groupBy(asks(scenario), ({ couponId }) => couponId);
  for (const { couponId, stock } of scenario.coupons) assert.equal(counts.get(couponId)?.length, stock);
});
