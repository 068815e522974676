/** A worker on a Redis that is full: at its start, while it runs, and once there is room. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ownRedis, type OwnRedis } from "../../dev/bench/own-redis.ts";
import { gateOwnerKey } from "../../stores/redis/gate-owner.ts";
import { openCoupon, tokenFor } from "../testing/coupon-traffic.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const { config, start } = stackUnderTest({ env: { SLUICE_HOLD_GRACE_MS: "1000" } });
let full: OwnRedis | undefined;
after(() => full?.close());

const open = (url: string, couponId: string): Promise<void> =>
  openCoupon(url, config.tokenSecret, { couponId, stock: 1 });

/** Asks for a coupon; answers the way to its verdict. */
const ask = async (url: string, couponId: string): Promise<() => Promise<string>> => {
  const headers = { authorization: `Bearer ${tokenFor(config.tokenSecret, "you")}` };
  const asked = await fetch(`${url}/v1/coupons/${couponId}/reservations`, { method: "POST", headers });
  const { reservationId } = (await asked.json()) as { readonly reservationId: string };
  return async () => (await fetch(`${url}/v1/reservations/${reservationId}?waitMs=1000`, { headers })).text();
};

test("worker: waits for room and says that Redis is full when it is, at its start and later, and loses nothing", {
  timeout: 240_000,
}, async () => {
  full = await ownRedis("64mb");
  const { client } = full.redis;
  const room = (bytes: "1mb" | "64mb") => client.config("SET", "maxmemory", bytes);
  const api = await start({ command: "api", name: "api" });
  const couponId = `full-${process.pid}-${Date.now()}`;
  await open(api.url, couponId);
  const verdict = await ask(api.url, couponId);
  await room("1mb");
  // It is ready once its gate is claimed, which needs room.
  const starting = start({ command: "worker", name: "worker", env: { SLUICE_REDIS_URL: full.url } });
  await until("it has asked for the gate", async () =>
    /cmdstat_evalsha:calls=[1-9]/.test(await client.info("commandstats")),
  );
  assert.equal(await client.get(gateOwnerKey), null);
  assert.match(await verdict(), /"pending"/);
  await room("64mb");
  const worker = await starting;
  await until("it is issued", async () => /"issued"/.test(await verdict()));

  await room("1mb");
  const later = `${couponId}-later`;
  await open(api.url, later);
  const second = await ask(api.url, later);
  await until("it says that Redis is full", async () => {
    const answer = await fetch(`${worker.healthUrl}/ready`);
    return answer.status === 503 && /redis is full/.test(await answer.text());
  });
  assert.match(await second(), /"pending"/);
  await room("64mb");
  await until("the second is issued", async () => /"issued"/.test(await second()));
  await until("it is ready again", async () => (await fetch(`${worker.healthUrl}/ready`)).status === 200);
});
