/** Each thing that can be lost and brought back, on a stack of this file's own, by the commands of docs/restoring.md. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { mintToken } from "../../api/tokens/token.ts";
import { type StackChild, startOnStack } from "../../dev/children.ts";
import { sendBurst } from "../../dev/demo/client.ts";
import { planBurst } from "../../dev/demo/requests.ts";
import { startService, stopService } from "../../dev/stack/control.ts";
import { stackDown } from "../../dev/stack/down.ts";
import { endpointsEnv, type StackEndpoints } from "../../dev/stack/endpoints.ts";
import { layoutOf, repositoryRoot } from "../../dev/stack/layout.ts";
import { stackUp } from "../../dev/stack/up.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { readConfig, type Config } from "../../ops/config.ts";
import { readFacts } from "../../ops/verify/read-facts.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { stockKey } from "../../stores/redis/stock-key.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { until } from "../testing/stack-under-test.ts";

const stackName = "restoring";
const { signal } = new AbortController();
let endpoints: StackEndpoints;
let config: Config;
let folder: string;
let children: StackChild[] = [];

before(async () => {
  await stackDown({ name: stackName });
  folder = await mkdtemp(join(tmpdir(), "sluice-restoring-"));
  endpoints = await stackUp({ name: stackName, brokers: 1 });
  config = readConfig(endpointsEnv(endpoints), () => "");
  await shell("sluice topology apply --yes");
});
after(async () => {
  await stopAll();
  await stackDown({ name: stackName });
  await rm(folder, { recursive: true, force: true });
});

const start = async (command: "api" | "worker"): Promise<StackChild> => {
  const started = await startOnStack({ stackName, endpoints, signal, command, name: `restoring-${command}` });
  children.push(started);
  return started;
};
const stopAll = async (): Promise<void> => {
  const stopping = children;
  children = [];
  await Promise.all(stopping.map(({ child }) => child.stop()));
};

/** Runs lines of a shell, with our command and the stand-in of Kafka's in its path. @throws Error where one of them fails. */
const shell = async (lines: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const { hostname, port, username, password, pathname } = new URL(endpoints.databaseUrl);
  const path = [join(repositoryRoot, "bin"), join(repositoryRoot, "test", "whole", "restoring")];
  const { stdout, stderr } = await promisify(execFile)("sh", ["-euc", lines], {
    cwd: folder,
    env: {
      ...endpointsEnv(endpoints),
      DB: `--host=${hostname} --port=${port} --user=${username} --password=${password} ${pathname.slice(1)}`,
      PATH: [...path, join(repositoryRoot, "node_modules", ".bin"), process.env["PATH"]].join(":"),
      ...env,
    },
  });
  return stdout + stderr;
};

const page = await readFile(join(repositoryRoot, "docs", "restoring.md"), "utf8");
const blocks = new Map(
  [...page.matchAll(/```sh\n\s*# (\S+)\n([\s\S]*?)```/g)].map(([, name = "", lines = ""]) => [name, lines] as const),
);
const ran = new Set<string>();
/** Runs a block of the page, by the name in its first line. */
const run = (name: string, env?: Readonly<Record<string, string>>): Promise<string> => {
  const lines = blocks.get(name);
  assert.ok(lines !== undefined, `docs/restoring.md has no block ${name}`);
  ran.add(name);
  return shell(lines, env);
};

const token = (userId: string, role?: string): string =>
  mintToken({
    secret: config.tokenSecret,
    userId,
    ttlMs: 600_000,
    now: Date.now(),
    ...(role !== undefined && { role }),
  });

const openCoupon = async (url: string, couponId: string): Promise<void> => {
  const policy = { name: "P", discount: { kind: "fixed", amount: 1 }, minOrderAmount: 0 };
  const response = await fetch(`${url}/v1/admin/coupons`, {
    method: "POST",
    headers: { authorization: `Bearer ${token("boss", "admin")}`, "content-type": "application/json" },
    body: JSON.stringify({ couponId, policyId: "p", stock: 30, validForDays: 1, policy }),
  });
  assert.equal(response.status, 201, await response.text());
};

/** Asks, and waits until each is decided. */
const burst = async (url: string, couponId: string, crowd: string): Promise<void> => {
  const asks = planBurst({ couponId, requests: 20, secondAskEvery: 20, unknownEvery: 50 });
  const progress = { sent: 0, accepted: 0, decided: 0 };
  const tokenOf = (userId: string) => token(crowd + userId);
  const replies = await sendBurst(asks, { baseUrl: url, tokenOf, clients: 10, progress, signal });
  assert.deepEqual(
    replies.filter(({ status }) => status === "undecided" || status === "turnedAway"),
    [],
  );
};

const issuedOf = async (couponId: string): Promise<readonly string[]> =>
  [...(await readFacts(config, couponId)).issued.keys()].toSorted();

/** Until requests are decided, verify says that they are pending. */
const untilVerified = (): Promise<void> =>
  until("verify says that all agree", async () =>
    run("verify").then(
      () => true,
      () => false,
    ),
  );

test("restoring: decides again what a database lost that is restored from a backup", { timeout: 400_000 }, async () => {
  const [api] = await Promise.all([start("api"), start("worker")]);
  await openCoupon(api.url, "backed-up");
  await burst(api.url, "backed-up", "early-");
  await run("backup");
  const backupTime = new Date().toISOString().slice(0, -1);
  await burst(api.url, "backed-up", "late-");
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
    await openCoupon(api.url, "snapshot");
    await burst(api.url, "snapshot", "early-");
    const old = await redis.client.hgetall(key);
    await burst(api.url, "snapshot", "late-");
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
  await openCoupon(api.url, "anew");
  await burst(api.url, "anew", "");
  await shell("sluice verify coupons --coupons anew");
  // Of those before it the requests are gone, and with them what verdicts are checked against.
  assert.match(await shell("sluice verify coupons || test $? -eq 1"), /has a verdict, and there is no such request/);
  await stopAll();
});

test("restoring: registers the schemas again when the registry is empty, and reads what was written before", {
  timeout: 400_000,
}, async () => {
  const [api] = await Promise.all([start("api"), start("worker")]);
  await openCoupon(api.url, "schemas");
  const worker = children.find(({ child }) => child.name.endsWith("worker"));
  await worker?.child.stop();
  const asked = burst(api.url, "schemas", "");
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
  assert.deepEqual([...blocks.keys()].toSorted(), [...ran].toSorted());
});
