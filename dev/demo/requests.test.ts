/** The burst of the main job is what it is said to be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { planBurst } from "./requests.ts";

test("burst: has users who ask twice and coupons that do not exist when it is planned", () => {
  const asks = planBurst({ couponId: "summer", requests: 20_000, secondAskEvery: 20, unknownEvery: 50 });
  const known = asks.filter(({ couponId }) => couponId === "summer");
  const users = Map.groupBy(asks, ({ userId }) => userId);
  assert.equal(asks.length, 20_000);
  assert.equal(asks.length - known.length, 400);
  assert.equal([...users.values()].filter((some) => some.length === 2).length, 999);
});
