/** The position in the queue by a real broker: its producer's offsets, its group's commits, an API that listens. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { Registry } from "prom-client";
import { fakeStores } from "../../api/testing/testing.ts";
import { testSecret } from "../../api/testing/testing-api.ts";
import { mintToken } from "../../api/tokens/token.ts";
import { systemClock } from "../../engine/clock.ts";
import { groupProgress } from "../../engine/log/kafka/admin/group-progress.ts";
import { openTestCluster } from "../../engine/log/kafka/testing/int-test-cluster.ts";
import { accumulatorDefaults, createAccumulator } from "../../engine/log/producer/accumulator.ts";
import { encodeAsJson } from "../../engine/log/testing/fake-producer.ts";
import { silentLogger } from "../../engine/logger.ts";
import { type CouponId, couponIssueRequests, type ReservationId, type UserId } from "../../schemas/coupon.ts";
import { serveApi } from "./api.ts";
import { seeQueue } from "./request-queue.ts";

const cluster = await openTestCluster();
after(cluster.close);
const [groupId, couponId] = [`queue-${randomUUID()}`, "hot" as CouponId];
const config = {
  api: {
    ...{ host: "127.0.0.1", port: 0, maxBacklogRecords: 100, maxWaitingPayments: 10, shutdownDelayMs: 0 },
    ...{ userRatePerSecond: 1_000, userBurst: 1_000, maxConnections: 100 },
  },
  tokens: {
    secrets: [testSecret],
    keysFile: undefined,
    keysUrl: undefined,
    hs256: true,
    policy: { maxLifetimeMs: 60_000 },
  },
  tokenSecret: testSecret,
  refusalsKeptMs: 86_400_000,
};
const authorization = (userId: string) => ({
  authorization: `Bearer ${mintToken({ secret: testSecret, userId, ttlMs: 60_000, now: Date.now() })}`,
});

/** An API whose requests go to a topic of this test, and what it knows of verdicts. */
const served = async () => {
  const topic = await cluster.createTopic(couponIssueRequests.partitions);
  const log = cluster.log();
  const inner = createAccumulator({
    ...{ ...accumulatorDefaults, writer: log, clock: systemClock, random: Math.random, logger: silentLogger },
    partitionCounts: new Map([[couponIssueRequests.name, couponIssueRequests.partitions]]),
  });
  const stores = fakeStores();
  const progress = groupProgress({ brokers: cluster.brokers, clientId: groupId }, { topic, groupId });
  const running = await serveApi(
    { config, logger: silentLogger, registry: new Registry() },
    {
      ports: stores.ports,
      producer: { ...inner, produce: ({ partition }, records) => inner.produce({ topic, partition }, records) },
      encodeRequest: encodeAsJson,
      seeQueue: seeQueue(progress.look, { logger: silentLogger, clock: systemClock }),
      close: async () => {
        await progress.close();
        await log.close();
      },
    },
  );
  return { running, url: String(running.about?.["url"]), stores, topic };
};

interface Answer {
  readonly status: string;
  readonly queue?: { readonly before: number };
}

/** What comes by events, as it comes. */
const follow = async (url: string): Promise<AsyncGenerator<Answer>> => {
  const { status, body } = await fetch(url, { headers: authorization("last") });
  assert.equal(status, 200);
  const answers = async function* (): AsyncGenerator<Answer> {
    let text = "";
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (text + part).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const [, data] = /^data: (.*)$/m.exec(block) ?? [];
        if (data !== undefined) yield JSON.parse(data);
      }
    }
  };
  return answers();
};

test("request queue: is told by a real broker from the first record to the verdict", {
  timeout: 120_000,
}, async (t) => {
  const { running, url, stores, topic } = await served();
  t.after(running.stop);
  const reserve = async (userId: string): Promise<URL> => {
    const path = `${url}/v1/coupons/${couponId}/reservations`;
    const response = await fetch(path, { method: "POST", headers: authorization(userId) });
    assert.equal(response.status, 202, await response.text());
    return new URL(String(response.headers.get("location")), url);
  };
  for (let n = 0; n < 9; n++) await reserve(`user-${n}`);
  const location = await reserve("last");
  const [partition, offset] = String(location.searchParams.get("place")).split("-").map(Number);
  assert.equal(offset, 9);
  const read = async () => (await (await fetch(location, { headers: authorization("last") })).json()) as Answer;
  assert.equal((await read()).queue?.before, 9, "nothing was committed ever");
  const events = await follow(`${url}${location.pathname}/events${location.search}`);
  const next = async (): Promise<Answer> => (await events.next()).value;
  assert.equal((await next()).queue?.before, 9);
  const { commit, stop } = await cluster.idleMember(groupId, topic);
  for (const committed of [4, 9]) {
    await commit([{ topic, partition: partition ?? assert.fail(), offset: BigInt(committed) }]);
    // Told again where only the time it takes is another.
    for (let before = 9; before > 9 - committed; ) before = (await next()).queue?.before ?? assert.fail();
  }
  const id = location.pathname.split("/").at(-1) as ReservationId;
  stores.verdicts.set(id, { kind: "refused", couponId, userId: "last" as UserId, reason: "SOLD_OUT", refusedAt: 1 });
  let last = await next();
  while (last.status === "pending") last = await next();
  assert.equal(last.status, "refused");
  assert.equal((await events.next()).done, true);
  await stop();
});
