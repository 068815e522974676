/** A Redis that is full, on one of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ownRedis } from "../../dev/bench/own-redis.ts";
import { aCouponId, aTake } from "../../processors/testing/samples.ts";
import { RedisFull } from "../../stores/redis/connection.ts";
import { couponStock } from "../../stores/redis/coupon-stock.ts";
import { claimGate } from "../../stores/redis/gate-owner.ts";
import { readMemory } from "../../stores/redis/inspect.ts";

test("redis stock: says that Redis is full, and not away, when it is, and goes on when there is room", async () => {
  const small = await ownRedis("64mb");
  try {
    const stock = couponStock(small.redis);
    const [couponId, other] = [aCouponId(), aCouponId()];
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 5]]));
    await stock.reserve([take]);
    await small.redis.client.config("SET", "maxmemory", "1mb");
    const isFull = (error: unknown) => error instanceof RedisFull && /is full/.test(error.message);
    await assert.rejects(stock.reserve([aTake(couponId)]), isFull);
    await assert.rejects(stock.initialise(new Map([[other, 5]])), isFull);
    await assert.rejects(claimGate(small.redis, "one"), isFull);
    await small.redis.client.config("SET", "maxmemory", "64mb");
    await claimGate(small.redis, "one");
    await small.redis.client.config("SET", "maxmemory", "1mb");
    await claimGate(small.redis, "one");
    await small.redis.client.config("SET", "maxmemory", "64mb");
    assert.deepEqual(await stock.reserve([take, aTake(couponId)]), ["taken", "taken"]);
    const { usedBytes, maxBytes, policy } = await readMemory(small.redis);
    assert.deepEqual([usedBytes > 0, maxBytes, policy], [true, 64 * 2 ** 20, "noeviction"]);
  } finally {
    await small.close();
  }
});
