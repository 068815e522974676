/** The gate against the real Redis, and what happens to it when Redis forgets, restarts, hangs or is away. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { Fatal, Poison, Unavailable } from "../../engine/errors.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { couponStockContract } from "../testing/coupon-stock.ts";
import { redisUrl } from "../testing/endpoints.ts";
import { fencedStockContract } from "../testing/leases.ts";
import { couponGateContract } from "../testing/reconciliation.ts";
import { aCouponId, aTake, many } from "../../processors/testing/samples.ts";
import { closedPort, listening, type TcpProxy, tcpProxy } from "../testing/tcp-proxy.ts";
import { openRedis, type RedisConnection } from "./connection.ts";
import { couponGate } from "./coupon-gate.ts";
import { couponStock, readCounters } from "./coupon-stock.ts";
import { stockKey } from "./stock-key.ts";

// A logical database of its own: this file flushes it.
const url = redisUrl(9);
let redis: RedisConnection;
let proxy: TcpProxy;
let proxied: RedisConnection;
before(async () => {
  redis = await openRedis({ redisUrl: url });
  proxy = await tcpProxy(url);
  proxied = await openRedis({ redisUrl: proxy.url, commandTimeoutMs: 300 });
  await redis.client.flushdb();
});
beforeEach(() => proxy.heal());
after(async () => {
  proxied.close();
  await proxy.close();
  await redis.client.flushdb();
  redis.close();
});

const counter = async (couponId: CouponId) => (await readCounters(redis, [couponId])).get(couponId);
const isUnavailable = (error: unknown) => error instanceof Unavailable && error.who === "redis";
/** Asks until Redis is there again, as the runtime does; the test runner's own limit ends it if that never comes. */
const eventually = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};

couponStockContract("redis stock", () => ({ stock: couponStock(redis), counter }));
fencedStockContract("redis stock", (fence) => couponStock(redis, fence));
couponGateContract("redis gate", () => ({ stock: couponStock(redis), gate: (fence) => couponGate(redis, fence) }));

test("redis gate: answers the counters of more coupons than one script reads, and none for those without one", async () => {
  const couponIds = Array.from({ length: 2_500 }, aCouponId);
  const stock = couponStock(redis);
  await stock.initialise(new Map(couponIds.flatMap((id, at) => (at % 2 === 0 ? [[id, at]] : []))));
  const counters = await readCounters(redis, couponIds);
  assert.equal(counters.size, 1_250);
  assert.deepEqual(counters.get(couponIds[2_498] as CouponId), { left: 2_498, marks: 0 });
  assert.equal(counters.has(couponIds[2_499] as CouponId), false);
});

test("redis gate: sets a counter right that is no number", async () => {
  const couponId = aCouponId();
  await redis.client.hset(stockKey(couponId), "left", "many");
  const seen = (await counter(couponId))?.left ?? 0;
  assert.equal(await couponGate(redis).repair({ couponId, seen, left: 3 }), 0);
  assert.deepEqual(await counter(couponId), { left: 3, marks: 0 });
});

test("redis stock: loses counter and marks together when Redis is flushed, and starts again", async () => {
  const stock = couponStock(redis);
  const couponId = aCouponId();
  const takes = many(3, () => aTake(couponId));
  await stock.initialise(new Map([[couponId, 5]]));
  await stock.reserve(takes);
  await redis.client.flushdb();
  assert.deepEqual(await stock.reserve(takes), ["uninitialised", "uninitialised", "uninitialised"]);
  await stock.release(takes);
  assert.equal(await counter(couponId), undefined, "a release must not make a counter");
  await stock.initialise(new Map([[couponId, 2]]));
  assert.deepEqual(await stock.reserve(takes), ["taken", "taken", "unsure"]);
});

test("redis stock: answers uninitialised when Redis is flushed between initialising and reserving", async () => {
  const stock = couponStock(redis);
  const couponId = aCouponId();
  await stock.initialise(new Map([[couponId, 5]]));
  await redis.client.flushdb();
  assert.deepEqual(await stock.reserve([aTake(couponId)]), ["uninitialised"]);
});

test("redis stock: works on when the scripts are flushed", async () => {
  const stock = couponStock(redis);
  const couponId = aCouponId();
  const takes = many(2_500, () => aTake(couponId));
  await redis.client.script("FLUSH");
  await stock.initialise(new Map([[couponId, 2_000]]));
  await redis.client.script("FLUSH");
  const answers = await stock.reserve(takes);
  await redis.client.script("FLUSH");
  assert.deepEqual(
    answers.map((answer) => answer === "taken"),
    takes.map((_, at) => at < 2_000),
  );
  await stock.release(takes);
  assert.deepEqual(await counter(couponId), { left: 2_000, marks: 0 });
});

test("redis stock: forgets an idle coupon a week after its counter was set, however often it is used", async () => {
  const stock = couponStock(redis);
  const couponId = aCouponId();
  await stock.initialise(new Map([[couponId, 5]]));
  assert.equal(await redis.client.ttl(stockKey(couponId)), 604_800);
  await redis.client.expire(stockKey(couponId), 100);
  await stock.initialise(new Map([[couponId, 5]]));
  await stock.reserve([aTake(couponId)]);
  await stock.settle(new Map([[couponId, 4]]));
  assert.ok((await redis.client.ttl(stockKey(couponId))) <= 100, "a touch costs no command for its time to live");
});

test("redis stock: holds what is in flight, and not what was ever taken", async () => {
  const stock = couponStock(redis);
  const couponId = aCouponId();
  await stock.initialise(new Map([[couponId, 50_000]]));
  const sizeOf = async () => Number(await redis.client.call("MEMORY", "USAGE", stockKey(couponId)));
  const sizes: number[] = [];
  for (let left = 49_000; left >= 0; left -= 1_000) {
    await stock.reserve(many(1_000, () => aTake(couponId)));
    await stock.settle(new Map([[couponId, left]]));
    sizes.push(await sizeOf());
  }
  assert.ok(Math.max(...sizes) < 1_000, `${sizes.at(-1)} bytes`);
});

test("redis stock: takes once when the answer was lost and it is asked again", async () => {
  const stock = couponStock(proxied);
  const couponId = aCouponId();
  const takes = many(3, () => aTake(couponId));
  await eventually(() => stock.initialise(new Map([[couponId, 2]])));
  // Healed in the same moment: a client that sent the script again by itself would get its answer.
  proxy.onReply = () => {
    proxy.heal();
    return "cut";
  };
  await assert.rejects(stock.reserve(takes), isUnavailable);
  assert.deepEqual(await counter(couponId), { left: 0, marks: 2 }, "the script must have run");
  assert.deepEqual(await eventually(() => stock.reserve(takes)), ["taken", "taken", "unsure"]);
  assert.deepEqual(await counter(couponId), { left: 0, marks: 2 });
});

test("redis stock: gives back once when the answer was lost and it is asked again", async () => {
  const stock = couponStock(proxied);
  const couponId = aCouponId();
  const takes = many(2, () => aTake(couponId));
  await eventually(() => stock.initialise(new Map([[couponId, 2]])));
  await stock.reserve(takes);
  proxy.onReply = () => "cut";
  await assert.rejects(stock.release(takes), isUnavailable);
  proxy.heal();
  await eventually(() => stock.release(takes));
  assert.deepEqual(await counter(couponId), { left: 2, marks: 0 });
});

test("redis stock: takes nothing, then or later, when the request never arrived", async () => {
  const stock = couponStock(proxied);
  const couponId = aCouponId();
  await eventually(() => stock.initialise(new Map([[couponId, 2]])));
  proxy.onRequest = () => "cut";
  await assert.rejects(stock.reserve([aTake(couponId)]), isUnavailable);
  await assert.rejects(stock.reserve([aTake(couponId)]), isUnavailable);
  proxy.heal();
  await eventually(() => proxied.ping());
  assert.deepEqual(await counter(couponId), { left: 2, marks: 0 });
});

test("redis stock: is unavailable when Redis says nothing, and comes back by itself", async () => {
  const stock = couponStock(proxied);
  const couponId = aCouponId();
  await eventually(() => stock.initialise(new Map([[couponId, 2]])));
  const take = aTake(couponId);
  proxy.onReply = () => "silence";
  await assert.rejects(stock.reserve([take]), isUnavailable);
  // For new connections only: the silent one stays silent, and somebody must give it up.
  proxy.heal();
  assert.deepEqual(await eventually(() => stock.reserve([take])), ["taken"]);
  assert.deepEqual(await counter(couponId), { left: 1, marks: 1 });
});

test("redis stock: comes back by itself when its connection is killed", async () => {
  const stock = couponStock(proxied);
  const couponId = aCouponId();
  await eventually(() => stock.initialise(new Map([[couponId, 2]])));
  const id = await proxied.client.client("ID");
  await redis.client.client("KILL", "ID", id);
  assert.deepEqual(await eventually(() => stock.reserve([aTake(couponId)])), ["taken"]);
});

test("redis connection: opens, and is unavailable at once, when nothing listens", async () => {
  const errors: Error[] = [];
  const away = await openRedis({
    redisUrl: `redis://127.0.0.1:${await closedPort()}`,
    onError: (error) => errors.push(error),
  });
  const couponId = aCouponId();
  try {
    const stock = couponStock(away);
    await assert.rejects(stock.reserve([aTake(couponId)]), isUnavailable);
    await assert.rejects(stock.release([aTake(couponId)]), isUnavailable);
    await assert.rejects(stock.initialise(new Map([[couponId, 1]])), isUnavailable);
    await assert.rejects(readCounters(away, [couponId]), isUnavailable);
    await assert.rejects(away.ping(), isUnavailable);
    assert.notEqual(errors.length, 0);
  } finally {
    away.close();
  }
});

test("redis connection: is unavailable and connects again when a replica answers", async () => {
  let connections = 0;
  const replica = createServer((socket) => {
    connections += 1;
    socket.on("error", () => socket.destroy());
    // One answer for each command: a command begins with an array of its words.
    socket.on("data", (bytes) => {
      for (const [command] of bytes.toString().matchAll(/\*\d+\r\n\$\d+\r\n\w+/g)) {
        if (/EVALSHA$/i.test(command)) socket.write("-READONLY You can't write against a read only replica.\r\n");
        else if (/INFO$/i.test(command)) socket.write("$13\r\nrole:replica\n\r\n");
        else socket.write("+OK\r\n");
      }
    });
  });
  const away = await openRedis({ redisUrl: `redis://127.0.0.1:${await listening(replica)}` });
  try {
    assert.equal(connections, 1);
    await assert.rejects(couponStock(away).reserve([aTake(aCouponId())]), isUnavailable);
    await eventually(() => away.ping());
    assert.equal(connections, 2);
  } finally {
    away.close();
    replica.close();
  }
});

test("redis connection: answers a ping, and closes twice", async () => {
  const connection = await openRedis({ redisUrl: url });
  await connection.ping();
  connection.close();
  connection.close();
  await assert.rejects(connection.ping(), isUnavailable);
});

test("redis connection: refuses a URL that is none without repeating it", async () => {
  for (const wrong of ["localhost:6379", "http://:secret@localhost", "", "secret"]) {
    await assert.rejects(
      openRedis({ redisUrl: wrong }),
      (error) => error instanceof Fatal && error.code === "ADDRESS" && !error.message.includes("secret"),
    );
  }
});

test("redis stock: names the record and holds nothing when an id can't be kept", async () => {
  const stock = couponStock(redis);
  const couponId = aCouponId();
  await stock.initialise(new Map([[couponId, 5]]));
  const bad = [
    aTake(couponId, { userId: "" as UserId }),
    aTake(couponId, { userId: "u".repeat(256) as UserId }),
    aTake(couponId, { userId: "\ud800" as UserId }),
    aTake("c".repeat(65) as CouponId),
    aTake(couponId, { reservationId: "not-a-uuid" as ReservationId }),
    aTake(couponId, { reservationId: aTake(couponId).reservationId.toUpperCase() as ReservationId }),
  ];
  for (const take of bad) {
    const isPoison = (error: unknown) =>
      error instanceof Poison && error.code === "BAD_ID" && error.idempotencyKey === take.reservationId;
    await assert.rejects(stock.reserve([aTake(couponId), take]), isPoison);
  }
  assert.deepEqual(await counter(couponId), { left: 5, marks: 0 });
});

test("redis stock: refuses to initialise with what is no count", async () => {
  for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    await assert.rejects(couponStock(redis).initialise(new Map([[aCouponId(), wrong]])), Fatal);
  }
});
