/** Workers that must not start: what they say, that they end with 4, and that they change nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import { exitCodes } from "../../engine/app/cli.ts";
import { reconcileOnStores } from "../../ops/reconcile/reconcile-on-stores.ts";
import { readFacts } from "../../ops/verify/read-facts.ts";
import { redisUrl } from "../../stores/testing/endpoints.ts";
import { openRedis, type RedisConnection } from "../../stores/redis/connection.ts";
import { gateOwnerKey } from "../../stores/redis/gate-owner.ts";
import { stackUnderTest } from "../testing/stack-under-test.ts";

const { config, endpoints, prepared } = stackUnderTest();
// A logical database of its own: this file gives it to another database.
const othersRedis = redisUrl(11);
let redis: RedisConnection;
before(async () => {
  redis = await openRedis({ redisUrl: othersRedis });
  await redis.client.set(gateOwnerKey, "another-database");
  await prepared();
});
after(async () => {
  await redis.client.flushdb();
  redis.close();
});

/** Runs a process to its end. */
const run = async (command: "worker" | "api", env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [join(repositoryRoot, "bin", "sluice.js"), command], {
    env: { PATH: process.env["PATH"], ...endpointsEnv(endpoints), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (text) => {
    log += text;
  });
  const [exitCode] = await once(child, "exit");
  return { exitCode, log };
};

const isRefused = { code: "GATE_OF_OTHER_DATABASE" };

test("worker: is refused with 4 when its Redis serves another database", { timeout: 120_000 }, async () => {
  const { exitCode, log } = await run("worker", { SLUICE_REDIS_URL: othersRedis });
  assert.equal(exitCode, exitCodes.refused, log);
  assert.match(log, /GATE_OF_OTHER_DATABASE.*this Redis serves another database.*SLUICE_REDIS_URL/);
  assert.equal(await redis.client.get(gateOwnerKey), "another-database");
});

test("reconcile and verify: are refused when Redis serves another database", async () => {
  const other = { ...config, redisUrl: othersRedis };
  await assert.rejects(reconcileOnStores(other, { couponIds: [], dryRun: true }), isRefused);
  await assert.rejects(readFacts(other, "nobody"), isRefused);
});

test("worker: is refused with 4 when its graph was deployed for another group", { timeout: 120_000 }, async () => {
  const { exitCode, log } = await run("worker", { SLUICE_GROUP_PREFIX: "another" });
  assert.equal(exitCode, exitCodes.refused, log);
  assert.match(log, /OTHER_GROUP.*in group my-group\.coupon-issuing, but this worker is of group another\./);
});

test("api: ends and says why when the database refuses its user", { timeout: 120_000 }, async () => {
  const url = new URL(endpoints.databaseUrl);
  url.password = "wrong";
  const { exitCode, log } = await run("api", { SLUICE_DATABASE_URL: url.href, SLUICE_API_PORT: "0" });
  assert.equal(exitCode, exitCodes.failure, log);
  assert.match(log, /DATABASE_1045.*database refuses us/);
});
