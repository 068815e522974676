/** Each thing that can be lost and brought back, on a stack of this file's own, by the commands of docs/restoring.md. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { StackChild } from "../../dev/children.ts";
import { startService, stopService } from "../../dev/stack/control.ts";
import { layoutOf } from "../../dev/stack/layout.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { readFacts } from "../../ops/verify/read-facts.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { stockKey } from "../../stores/redis/stock-key.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { couponTraffic } from "../testing/coupon-traffic.ts";
import { ownStack } from "../testing/own-stack.ts";
import { pageCommands, pageShell, succeeds } from "../testing/page-commands.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const stack = stackUnderTest({ own: await ownStack("restoring") });
const { stackName, endpoints, config, children, stopAll } = stack;
const traffic = couponTraffic(config.tokenSecret, new AbortController().signal);
const folder = await mkdtemp(join(tmpdir(), "sluice-restoring-"));
after(() => rm(folder, { recursive: true, force: true }));

const start = (command: "api" | "worker"): Promise<StackChild> =>
  stack.start({ command, name: `restoring-${command}` });

const page = pageCommands("docs/restoring.md");
const { run: shell } = pageShell({ endpoints, folder });
/** Runs a block of the page, by the name in its first line. */
const run = (name: string, env?: Readonly<Record<string, string>>): Promise<string> => shell(page.take(name), env);

const issuedOf = async (couponId: string): Promise<readonly string[]> =>
  [...(await readFacts(config, couponId)).issued.keys()].toSorted();

/** Until requests are decided, verify says that they are pending. */
const untilVerified = (): Promise<void> => until("verify says that all agree", () => succeeds(run("verify")));

test("restoring: decides again what a database lost that is restored from a backup", { timeout: 400_000 }, async () => {
  const [api] = await Promise.all([start("api"), start("worker")]);
  await traffic.openCoupon(api.url, "backed-up");
  await traffic.burst(api.url, "backed-up", "early-");
  await run("backup");
  const backupTime = new Date().toISOString().slice(0, -1);
  await traffic.burst(api.url, "backed-up", "late-");
  const told = await issuedOf("backed-up");
  assert.equal(told.length, 30);
  await stopAll();
  await run("database");
  assert.ok((await issuedOf("backed-up")).length < told.length);
  await run("offsets", { BACKUP_TIME: backupTime });
  await start("worker");
  await untilVerified();
  assert.deepEqual(await issuedOf("backed-up"), told);
  await stopAll();
});

test("restoring: sets the gate right by hand when Redis is from an old snapshot and no worker runs", {
  timeout: 400_000,
}, async () => {
  const redis = await openRedis({ redisUrl: endpoints.redisUrl });
  const key = stockKey("snapshot" as CouponId);
  try {
    const [api] = await Promise.all([start("api"), start("worker")]);
    await traffic.openCoupon(api.url, "snapshot");
    await traffic.burst(api.url, "snapshot", "early-");
    const old = await redis.client.hgetall(key);
    await traffic.burst(api.url, "snapshot", "late-");
    await stopAll();
    await redis.client.del(key);
    await redis.client.hset(key, old);
    assert.match(await run("gate"), /snapshot/);
    assert.notEqual((await redis.client.hgetall(key))["left"], old["left"]);
    await run("verify");
  } finally {
    redis.close();
  }
});

test("restoring: makes a topic anew as it is declared, and decides what comes then", { timeout: 400_000 }, async () => {
  const reading = await start("worker");
  const admin = await kafkaAdmin({ brokers: endpoints.brokers, clientId: "restoring" });
  await admin.deleteTopics(["coupon-issue"]).finally(admin.close);
  assert.equal(await reading.child.ended, "exit code 1");
  assert.match(await readFile(reading.child.logFile, "utf8"), /"process\.failed".*(TOPIC_MISSING|OFFSET_OUT_OF_RANGE)/);
  await stopAll();
  assert.match(await shell("sluice topology drift || test $? -eq 3"), /coupon-issue/);
  await run("topic");
  await run("beginning");
  const [api] = await Promise.all([start("api"), start("worker")]);
  await traffic.openCoupon(api.url, "anew");
  await traffic.burst(api.url, "anew", "");
  await shell("sluice verify coupons --coupons anew");
  // Of those before it the requests are gone, and with them what verdicts are checked against.
  assert.match(await shell("sluice verify coupons || test $? -eq 1"), /has a verdict, and there is no such request/);
  await stopAll();
});

test("restoring: registers the schemas again when the registry is empty, and reads what was written before", {
  timeout: 400_000,
}, async () => {
  const [api] = await Promise.all([start("api"), start("worker")]);
  await traffic.openCoupon(api.url, "schemas");
  const worker = [...children].find(({ child }) => child.name.endsWith("worker"));
  await worker?.child.stop();
  const asked = traffic.burst(api.url, "schemas", "");
  const data = layoutOf(stackName).data("registry");
  await stopService(stackName, "registry");
  await cp(data, join(folder, "registry"), { recursive: true });
  await rm(data, { recursive: true });
  await startService(stackName, "registry");
  await assert.rejects(start("worker"), /SCHEMA_NOT_REGISTERED/);
  await run("schemas");
  await start("worker");
  await asked;
  // What the topic that was made anew has lost is named for ever.
  await shell("sluice verify coupons --coupons schemas");
  await stopAll();
});

test("restoring: every command of the page was run", () => {
  assert.deepEqual(page.left(), []);
});
