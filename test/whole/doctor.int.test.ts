/** `sluice doctor` on the real stack: every line, and what it says when something is not as declared. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { checkUp, type NamedFinding } from "../../engine/app/doctor/checkup.ts";
import { engineChecks } from "../../engine/app/doctor/engine-checks.ts";
import { readConfig } from "../../ops/config.ts";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import { app } from "../../sluice.config.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { gateOwnerKey } from "../../stores/redis/gate-owner.ts";
import { redisUrl } from "../../stores/testing/endpoints.ts";
import { stackUnderTest } from "../testing/stack-under-test.ts";

const { config, endpoints, prepared } = stackUnderTest();
before(() => prepared());
const othersRedis = redisUrl(12);
after(async () => {
  const redis = await openRedis({ redisUrl: othersRedis });
  await redis.client.flushdb();
  redis.close();
});

/** On a machine that is busy a plan may take longer than a person would wait. */
const limitMs = 60_000;
const examine = async (over: Partial<typeof config> = {}): Promise<ReadonlyMap<string, NamedFinding>> => {
  const findings = await checkUp([...engineChecks(app), ...(app.doctor ?? [])], { ...config, ...over }, limitMs);
  return new Map(findings.map((finding) => [finding.name, finding]));
};

test("doctor: finds nothing wrong when all is applied, and says versions, clocks and encryption", async () => {
  const findings = await examine();
  const wrong = [...findings.values()].filter(({ level }) => level !== "ok");
  assert.deepEqual(wrong, []);
  const found = (name: string): string => findings.get(name)?.found ?? "no such check";
  assert.match(found("brokers"), /^cluster \S+ answers, Kafka \d\.\d/);
  assert.match(found("brokers' clock"), /^no record of \d+ topics is from the future$/);
  assert.match(found("registry"), /^answers, .*\d+\.\d+/);
  assert.match(found("database"), /answers, \d+\.\d+/);
  assert.match(found("database's rights"), /has what it needs to run/);
  assert.match(found("database's clock"), /^the database's clock is \d+ ms/);
  assert.match(found("redis"), /^answers, Redis \d+\.\d+/);
  assert.match(found("redis's clock"), /^the Redis's clock is \d+ ms/);
  for (const name of ["brokers' TLS", "registry's TLS", "database's TLS", "redis's TLS"])
    assert.equal(found(name), "not encrypted, on loopback");
});

test("doctor: names the key when the owner of the gate cannot be read, and does not send anybody to look whether Redis runs", async () => {
  const redis = await openRedis({ redisUrl: othersRedis });
  await redis.client.flushdb();
  await redis.client.rpush(gateOwnerKey, "a", "b");
  const gate = (await examine({ redisUrl: othersRedis })).get("gate");
  await redis.client.flushdb();
  redis.close();
  assert.equal(gate?.level, "fail");
  assert.match(gate?.found ?? "", /^its key sluice:gate-owner in Redis is not the gate's: look at it, then DEL it/);
  assert.equal(gate?.fix, undefined);
});

test("doctor: fails on the gate of another database, and on another group than was deployed", async () => {
  const redis = await openRedis({ redisUrl: othersRedis });
  await redis.client.set(gateOwnerKey, "another-database");
  redis.close();
  const { groupPrefix } = readConfig({ ...endpointsEnv(endpoints), SLUICE_GROUP_PREFIX: "another" }, () => "");
  const findings = await examine({ redisUrl: othersRedis, groupPrefix });
  assert.equal(findings.get("gate")?.level, "fail");
  assert.match(findings.get("gate")?.found ?? "", /serves another database/);
  assert.equal(findings.get("graphs")?.level, "fail");
  assert.match(findings.get("graphs")?.found ?? "", /reads from the beginning/);
  assert.equal(findings.get("topics")?.level, "ok");
});
