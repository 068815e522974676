// The started API on fakes: when it is ready, and what ends it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { fakeStores } from "../../api/testing/testing.ts";
import { testSecret } from "../../api/testing/testing-api.ts";
import { mintToken } from "../../api/tokens/token.ts";
import { AccessRefused, Fatal } from "../../engine/errors.ts";
import { encodeAsJson, fakeProducer } from "../../engine/log/testing/fake-producer.ts";
import { silentLogger } from "../../engine/logger.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import type { CouponIssueRequested } from "../../schemas/coupon.ts";
import { readConfig } from "../config.ts";
import { type ServedOn, serveApi, startApi } from "./api.ts";

const maxBacklogRecords = 100;
const api = {
  ...{ host: "127.0.0.1", port: 0, maxBacklogRecords, maxWaitingPayments: 10, shutdownDelayMs: 0 },
  ...{ userRatePerSecond: 1_000, userBurst: 1_000, maxConnections: 100 },
};
const tokens = {
  ...{ secrets: [testSecret], keysFile: undefined, keysUrl: undefined, hs256: true },
  policy: { maxLifetimeMs: 60_000 },
};

/** An API that listens on a free port, on a producer and what is known of a database of this test. */
const served = async (database?: ServedOn["database"]) => {
  const producer = fakeProducer<CouponIssueRequested>();
  const context = {
    config: { api, tokens, tokenSecret: testSecret, refusalsKeptMs: 86_400_000 },
    logger: silentLogger,
    registry: new Registry(),
  };
  const running = await serveApi(context, {
    ports: fakeStores().ports,
    producer,
    encodeRequest: encodeAsJson,
    ...(database !== undefined && { database }),
    close: async () => {},
  });
  const token = mintToken({ secret: testSecret, userId: "alice", ttlMs: 60_000, now: Date.now() });
  const reserve = (): Promise<Response> =>
    fetch(`${String(running.about?.["url"])}/v1/coupons/summer/reservations`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
  /** Reserves, and lets the log refuse the record for good. */
  const reserveRefused = async (error: Error): Promise<number> => {
    producer.hold();
    const before = producer.produced.length;
    const answer = reserve();
    for (const end = Date.now() + 5_000; producer.produced.length === before; ) {
      assert.ok(Date.now() < end, "nothing was produced within 5 s");
      await settled();
    }
    producer.produced.at(-1)?.fail(error);
    return (await answer).status;
  };
  const probe = () => fetch(`${String(running.about?.["url"])}/ready`);
  return { producer, running, reserve, reserveRefused, probe };
};

test("api process: is unready when the backlog is full, and ready again when half of it is gone", async () => {
  const { producer, running, reserve } = await served();
  producer.backlog = maxBacklogRecords - 1;
  assert.deepEqual(running.ready(), { ok: true, why: [], codes: [] });
  producer.backlog = maxBacklogRecords;
  assert.deepEqual(running.ready(), {
    ok: false,
    why: ["the log does not keep up with what is accepted"],
    codes: ["LOG_BEHIND"],
  });
  assert.equal((await reserve()).status, 503);
  producer.backlog = maxBacklogRecords / 2 + 1;
  assert.equal(running.ready().ok, false);
  producer.backlog = maxBacklogRecords / 2;
  assert.deepEqual(running.ready(), { ok: true, why: [], codes: [] });
  assert.equal((await reserve()).status, 202);
  await running.stop();
  assert.deepEqual(running.ready(), { ok: false, why: ["stopping"], codes: ["STOPPING"] });
});

test("api process: says where a request's record is when the log has it", async () => {
  const { running, reserve } = await served();
  for (const offset of [0, 1]) {
    const location = (await reserve()).headers.get("location");
    assert.match(String(location), new RegExp(`\\?place=\\d+-${offset}$`));
  }
  await running.stop();
});

const refusal = (n: number) => new Fatal("KAFKA_REFUSED", `TOPIC_AUTHORIZATION_FAILED ${n}`);

/** Whether it has ended by now, and with what. */
const endedNow = (ended: Promise<Error | undefined>): Promise<Error | undefined | "running"> =>
  Promise.race([ended, settled().then(() => "running" as const)]);

test("api process: is unready at once, and ends with the error, when its producer fails for good", async () => {
  const { running, reserveRefused } = await served();
  assert.equal(await reserveRefused(refusal(1)), 503);
  assert.deepEqual(running.ready(), { ok: false, why: ["the log refuses what is written"], codes: ["LOG_REFUSES"] });
  await reserveRefused(refusal(2));
  assert.equal(await endedNow(running.ended), "running");
  const last = refusal(3);
  await reserveRefused(last);
  assert.equal(await endedNow(running.ended), last);
  assert.equal(running.ready().ok, false);
  await running.stop();
});

test("api process: does not end when single records fail between others that are acknowledged", async () => {
  const { producer, running, reserveRefused, reserve } = await served();
  for (let n = 1; n <= 5; n++) {
    await reserveRefused(new Fatal("KAFKA_REFUSED", "RangeError", { cause: new RangeError("one record") }));
    const answer = reserve();
    const before = producer.produced.length;
    for (const end = Date.now() + 5_000; producer.produced.length === before; ) {
      assert.ok(Date.now() < end, "nothing was produced within 5 s");
      await settled();
    }
    producer.produced.at(-1)?.acknowledge();
    assert.equal((await answer).status, 202);
    assert.deepEqual(running.ready(), { ok: true, why: [], codes: [] });
  }
  assert.equal(await endedNow(running.ended), "running");
  await running.stop();
});

test("api process: counts one append once when it fails many calls", async () => {
  const { producer, running, reserve } = await served();
  producer.hold();
  const answers = Array.from({ length: 5 }, () => reserve());
  for (const end = Date.now() + 5_000; producer.produced.length < 5; ) {
    assert.ok(Date.now() < end, "five records were not produced within 5 s");
    await settled();
  }
  const error = refusal(1);
  for (const { fail } of producer.produced) fail(error);
  for (const answer of answers) assert.equal((await answer).status, 503);
  assert.equal(running.ready().ok, false);
  assert.equal(await endedNow(running.ended), "running");
  await running.stop();
});

const never = new Promise<Error>(() => {});

test("api process: is ready, and says what it misses, when its database is away", async () => {
  const away = "database has been away for 12 s";
  const { running, probe } = await served({ reasons: () => [], degraded: () => [away], ended: never });
  assert.deepEqual(running.ready(), { ok: true, why: [], codes: [], degraded: [away] });
  const answer = await probe();
  assert.deepEqual([answer.status, await answer.json()], [200, { status: "degraded", degraded: [away] }]);
  await running.stop();
});

test("api process: is unready when its database refuses its user, and ends when it does so at the start", async () => {
  const refusal = new AccessRefused("database", "DATABASE_4151", "the database refuses us");
  const why = "DATABASE_4151 has lasted for 12 s";
  const database = {
    reasons: () => [{ code: "ACCESS_REFUSED" as const, why }],
    degraded: () => [],
    ended: Promise.resolve(refusal),
  };
  const { running, probe } = await served(database);
  const answer = await probe();
  assert.deepEqual([answer.status, answer.headers.get("retry-after") !== null], [503, true]);
  assert.match(await answer.text(), /DATABASE_4151 has lasted for 12 s/);
  assert.equal(await running.ended, refusal);
  await running.stop();
});

test("api process: is unready, and does not end, while the log refuses its user", async () => {
  const { producer, running } = await served();
  const error = new AccessRefused("kafka", "KAFKA_REFUSED", "the brokers refuse us");
  producer.failing = { error, sinceMs: Date.now() };
  assert.match(running.ready().why.join(), /^KAFKA_REFUSED has lasted for 0 s \(the brokers refuse us\)$/);
  producer.failing = undefined;
  assert.deepEqual(running.ready(), { ok: true, why: [], codes: [] });
  assert.equal(await endedNow(running.ended), "running");
  await running.stop();
});

test("api process: is refused, by both names, when its two ports are one", async () => {
  const nowhere = "127.0.0.1:1";
  const config = readConfig(
    {
      ...{ SLUICE_BROKERS: nowhere, SLUICE_REGISTRY_URL: `http://${nowhere}`, SLUICE_REDIS_URL: `redis://${nowhere}` },
      ...{ SLUICE_DATABASE_URL: `mysql://u:p@${nowhere}/s`, SLUICE_API_PORT: "8085", SLUICE_HEALTH_PORT: "8085" },
    },
    () => "",
  );
  await assert.rejects(startApi({ config, logger: silentLogger, registry: new Registry() }), {
    code: "INVALID_CONFIG",
    message: /SLUICE_HEALTH_PORT: expected another port than SLUICE_API_PORT, which is 8085 too/,
  });
});
