/** The workloads are what they say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { duplicates, hot, poison, tail, uniform, zipf } from "./scenarios.ts";

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

test("scenarios: ask by rank and give each coupon the stock it needs when zipf", () => {
  const scenario = zipf("b", 50_000, 100);
  const counts = Map.groupBy(asks(scenario), ({ couponId }) => couponId);
  for (const { couponId, stock } of scenario.coupons) assert.equal(counts.get(couponId)?.length, stock);
  const [first, second, , fourth] = scenario.coupons.map(({ stock }) => stock);
  assert.ok(Math.abs((first ?? 0) / (second ?? 1) - 2) < 0.05);
  assert.ok(Math.abs((first ?? 0) / (fourth ?? 1) - 4) < 0.1);
});

test("scenarios: issue all but what is malformed when one record in a hundred is poison", () => {
  const scenario = poison("b", 1_000);
  assert.equal(asks(scenario).filter(({ malformed }) => malformed).length, 10);
  assert.equal(scenario.issued, 990);
});

test("scenarios: issue a tenth when a coupon is sold out early", () => {
  const scenario = tail("b", 1_000);
  assert.deepEqual([scenario.issued, scenario.coupons[0]?.stock, scenario.requests], [100, 100, 1_000]);
});
