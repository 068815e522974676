// What the gate does about a key that is not its own, and about a Redis that it cannot use: servers of this file's own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { AccessRefused, Poison, StartRefused } from "../../engine/errors.ts";
import { aCouponId, aTake } from "../../processors/testing/samples.ts";
import { redisUrl } from "../testing/endpoints.ts";
import { closedPort } from "../testing/tcp-proxy.ts";
import { openRedis, type RedisConnection } from "./connection.ts";
import { couponGate } from "./coupon-gate.ts";
import { couponStock, readCounters } from "./coupon-stock.ts";
import { stockKey } from "./stock-key.ts";
import { checkGate, claimGate } from "./gate-owner.ts";
import { WrongKeys } from "./script.ts";

const redis = await openRedis({ redisUrl: redisUrl(13) });
const aFence = { topology: "t", topic: "t", partition: 0, epoch: 5 };
after(async () => {
  await redis.client.flushdb();
  redis.close();
});

test("gate: leaves a coupon to the database, and names its key, when that key holds something else", async () => {
  const [wrong, right] = [aCouponId(), aCouponId()];
  const stock = couponStock(redis);
  await stock.initialise(new Map([[right, 5]]));
  await redis.client.set(stockKey(wrong), "not a hash");
  const takes = [aTake(wrong), aTake(right)];
  assert.deepEqual(await stock.reserve(takes), ["unsure", "taken"]);
  // The other calls of a round pass it over, and do their work for the others.
  await stock.initialise(new Map([[wrong, 5]]));
  await stock.release(takes);
  await stock.settle(
    new Map([
      [wrong, 4],
      [right, 4],
    ]),
  );
  assert.equal(await redis.client.get(stockKey(wrong)), "not a hash");
  await assert.rejects(couponGate(redis).repair({ couponId: wrong, seen: Number.NaN, left: 5 }), (error) => {
    assert.ok(error instanceof WrongKeys && error instanceof Poison && error.code === "REDIS_WRONGTYPE");
    assert.deepEqual(error.keys, [stockKey(wrong)]);
    assert.match(error.message, /not what the gate wrote there/);
    return true;
  });
  const counters = await readCounters(redis, [wrong, right]);
  assert.deepEqual(counters.get(wrong), { left: Number.NaN, marks: 0, foreign: true });
  assert.deepEqual(counters.get(right), { left: 4, marks: 0 });
});

/** Hashes of a coupon that the gate never wrote, though their keys and fields are its own. */
const foreignHashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a word": { left: "many" },
  "no number": { left: "nan" },
  "without an end": { left: "inf" },
  "half a unit": { left: "2.5" },
  hexadecimal: { left: "0x10" },
  "an exponent": { left: "1e300" },
  nothing: { left: "" },
  "fewer than none": { left: "-5" },
  "an epoch that is none": { left: "5", epoch: "many" },
  "an epoch that is no number": { left: "5", epoch: "nan" },
  "an epoch that no lease came to": { left: "5", epoch: "999999999999999" },
  "a piece of a mark": { left: "5", marks: "0a1b" },
};
for (const [what, fields] of Object.entries(foreignHashes)) {
  test(`gate: leaves a coupon to the database, and counts it anew, when its hash holds ${what}`, async () => {
    const [wrong, right] = [aCouponId(), aCouponId()];
    const stock = couponStock(redis, aFence);
    await stock.initialise(new Map([[right, 5]]));
    await redis.client.hset(stockKey(wrong), fields);
    const takes = [aTake(wrong), aTake(right), aTake(wrong), aTake(wrong)];
    const answers = await stock.reserve(takes);
    // A counter that is right is counted on with, whatever its epoch.
    const own = "epoch" in fields ? "taken" : "unsure";
    assert.deepEqual(answers, [own, "taken", own, own]);
    await stock.release(takes);
    await stock.settle(new Map([[wrong, 4]]));
    assert.deepEqual((await readCounters(redis, [wrong])).get(wrong), { left: 4, marks: 0 });
    // Upkeep finds it too, where no round comes by.
    await redis.client.hset(stockKey(wrong), fields);
    const { left: seen = 0, marks, foreign } = (await readCounters(redis, [wrong])).get(wrong) ?? {};
    assert.deepEqual([marks, foreign], ["marks" in fields ? 1 : 0, undefined]);
    assert.notEqual(await couponGate(redis, aFence).repair({ couponId: wrong, seen, left: 4 }), undefined);
    assert.deepEqual((await readCounters(redis, [wrong])).get(wrong), { left: 4, marks: 0 });
  });
}

/** A Redis with these settings, ended with the test. */
const serverWith = async (t: TestContext, ...settings: readonly string[]): Promise<number> => {
  const [port, folder] = [await closedPort(), await mkdtemp(join(tmpdir(), "sluice-redis-"))];
  const common = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const server = spawn("redis-server", [...common, ...settings], { stdio: "ignore" });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  t.after(async () => {
    server.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  return port;
};

/** Opens it as soon as it answers anything at all; the test's own limit ends it. */
const opened = async (t: TestContext, url: string): Promise<RedisConnection> => {
  for (;;) {
    const connection = await openRedis({ redisUrl: url });
    t.after(connection.close);
    const answers = await connection.ping().then(
      () => true,
      () => false,
    );
    if (answers) return connection;
    connection.close();
  }
};

test("gate: is refused at start, in one sentence, when its Redis is a cluster", async (t) => {
  const port = await serverWith(t, "--cluster-enabled", "yes");
  const cluster = await opened(t, `redis://127.0.0.1:${port}`);
  for (const ask of [claimGate, checkGate]) {
    await assert.rejects(ask(cluster, "one"), (error) => {
      assert.ok(error instanceof StartRefused && error.code === "REDIS_CLUSTER");
      assert.match(error.message, /SLUICE_REDIS_URL leads to a Redis Cluster, which the gate does not support/);
      return true;
    });
  }
});

test("redis: refuses to start, and repeats no password, when Redis refuses the user", async (t) => {
  const port = await serverWith(t, "--requirepass", "sesame");
  await opened(t, `redis://:sesame@127.0.0.1:${port}`);
  for (const [credentials, code] of [
    ["", "REDIS_NOAUTH"],
    [":hunter2@", "REDIS_WRONGPASS"],
  ]) {
    await assert.rejects(openRedis({ redisUrl: `redis://${credentials}127.0.0.1:${port}` }), (error) => {
      assert.ok(error instanceof AccessRefused, String(error));
      assert.equal(error.code, code);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});

test("redis: names the password, and goes on with the right one, when it is changed and given back while we run", {
  timeout: 60_000,
}, async (t) => {
  const port = await serverWith(t, "--requirepass", "sesame");
  const mine = await opened(t, `redis://:sesame@127.0.0.1:${port}`);
  const operator = await opened(t, `redis://:sesame@127.0.0.1:${port}`);
  await operator.client.config("SET", "requirepass", "changed");
  await operator.client.client("KILL", "ID", await mine.client.client("ID"));
  const failure = async (): Promise<unknown> => {
    // A command that meets no connection fails at once: the connection's own events need their turn.
    await new Promise((resolve) => setImmediate(resolve));
    return mine.ping().then(
      () => undefined,
      (error: unknown) => error,
    );
  };
  let refused = await failure();
  // While it connects, and between two attempts, commands meet no connection.
  while (!(refused instanceof AccessRefused)) refused = await failure();
  assert.match(refused.message, /^Redis refuses us: WRONGPASS .*SLUICE_REDIS_URL/);
  assert.doesNotMatch(refused.message, /sesame/);
  // Every command after that names it too, though it meets no connection at all.
  const codes = [await failure(), await failure()].map((error) => error instanceof AccessRefused && error.code);
  assert.deepEqual(codes, ["REDIS_WRONGPASS", "REDIS_WRONGPASS"]);
  await operator.client.config("SET", "requirepass", "sesame");
  while ((await failure()) !== undefined);
});
