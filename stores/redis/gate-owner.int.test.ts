/** Whose gate the real Redis is: claimed once, refused to others, looked at without a claim. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { StartRefused, Unavailable } from "../../engine/errors.ts";
import { many } from "../../processors/testing/samples.ts";
import { redisUrl } from "../testing/endpoints.ts";
import { closedPort } from "../testing/tcp-proxy.ts";
import { openRedis, type RedisConnection } from "./connection.ts";
import { checkGate, claimGate, GateOwnerUnreadable, gateOwnerKey } from "./gate-owner.ts";

// A logical database of its own: this file flushes it.
let redis: RedisConnection;
before(async () => {
  redis = await openRedis({ redisUrl: redisUrl(10) });
});
beforeEach(() => redis.client.flushdb());
after(async () => {
  await redis.client.flushdb();
  redis.close();
});

const isRefused = (error: unknown): boolean =>
  error instanceof StartRefused &&
  error.code === "GATE_OF_OTHER_DATABASE" &&
  /is one, expected other.*SLUICE_REDIS_URL/.test(error.message);

test("claimGate: is refused, and changes nothing, when another database has claimed it", async () => {
  await claimGate(redis, "one");
  await claimGate(redis, "one");
  await assert.rejects(claimGate(redis, "other"), isRefused);
  assert.equal(await redis.client.get(gateOwnerKey), "one");
});

test("claimGate: lets one in when many databases claim at once", async () => {
  const claims = await Promise.allSettled(many(10, (at) => claimGate(redis, `database-${at}`)));
  assert.equal(claims.filter(({ status }) => status === "fulfilled").length, 1);
});

test("claimGate: claims again when Redis was flushed, also before its script is known", async () => {
  await claimGate(redis, "one");
  await redis.client.flushdb();
  await redis.client.script("FLUSH");
  await claimGate(redis, "other");
  assert.equal(await redis.client.get(gateOwnerKey), "other");
});

test("checkGate: refuses another's gate, and claims none", async () => {
  await checkGate(redis, "other");
  assert.equal(await redis.client.get(gateOwnerKey), null);
  await claimGate(redis, "one");
  await checkGate(redis, "one");
  await assert.rejects(checkGate(redis, "other"), isRefused);
});

test("claimGate, checkGate: refuse by the key's name, and leave it as it is, when the owner's key is of another type", async () => {
  const { client } = redis;
  const others: readonly (readonly [type: string, make: () => Promise<unknown>])[] = [
    ["list", () => client.rpush(gateOwnerKey, "one")],
    ["hash", () => client.hset(gateOwnerKey, "one", "two")],
    ["set", () => client.sadd(gateOwnerKey, "one")],
    ["zset", () => client.zadd(gateOwnerKey, 1, "one")],
    ["stream", () => client.xadd(gateOwnerKey, "*", "one", "two")],
  ];
  for (const [type, make] of others) {
    await client.flushdb();
    await make();
    for (const ask of [claimGate, checkGate])
      await assert.rejects(ask(redis, "one"), (error) => {
        assert.ok(error instanceof GateOwnerUnreadable && error instanceof StartRefused);
        assert.match(
          error.message,
          /^its key sluice:gate-owner in Redis is not the gate's: look at it, then DEL it\. It should/,
        );
        return true;
      });
    assert.equal(await client.type(gateOwnerKey), type);
  }
});

test("claimGate: says that Redis is away when it is", async () => {
  const away = await openRedis({ redisUrl: `redis://127.0.0.1:${await closedPort()}` });
  try {
    await assert.rejects(claimGate(away, "one"), Unavailable);
    await assert.rejects(checkGate(away, "one"), Unavailable);
  } finally {
    away.close();
  }
});
