/** The whole of coupon issuing on the real stack: API and workers as processes, real HTTP, and the verifier at the end. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { v7 } from "uuid";
import type { Child } from "../../dev/children.ts";
import { openCoupon as openCouponAt, tokenFor } from "../testing/coupon-traffic.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import { sluice } from "../../dev/run-sluice.ts";
import { type BurstProgress, sendBurst, type Reply } from "../../dev/demo/client.ts";
import { planBurst } from "../../dev/demo/requests.ts";
import { openConsoleData } from "../../engine/app/console/open-data.ts";
import { systemClock } from "../../engine/clock.ts";
import type { RepairDocument } from "../../engine/console/documents.ts";
import { createLive } from "../../engine/console/live/live.ts";
import { CliError, exitCodes } from "../../engine/app/cli.ts";
import { app } from "../../sluice.config.ts";
import { reconcileOnStores } from "../../ops/reconcile/reconcile-on-stores.ts";
import { checkCoupons } from "../../ops/verify/check.ts";
import { isSound } from "../../ops/verify/claim.ts";
import { readFacts } from "../../ops/verify/read-facts.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../engine/logger.ts";
import { type CouponId, couponIssueRequests, type ReservationId } from "../../schemas/coupon.ts";
import { hexOf } from "../../stores/ids.ts";
import { withSession } from "../../stores/mysql/session.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { stockKey } from "../../stores/redis/stock-key.ts";

const stack = stackUnderTest({
  env: {
    // A worker that is killed is given up by its group after this: the least a broker allows.
    SLUICE_SESSION_TIMEOUT_MS: "6000",
    SLUICE_DRAIN_MS: "3000",
  },
});
const { config } = stack;
let url = "";

const start = async (command: "api" | "worker", name: string): Promise<Child> => {
  const started = await stack.start({ command, name: `e2e-${name}` });
  if (command === "api") url = started.url;
  return started.child;
};
const workers = () => [...stack.children].filter(({ child }) => child.name.includes("worker"));

const token = (userId: string): string => tokenFor(config.tokenSecret, userId);
const openCoupon = (couponId: string, stock: number): Promise<void> =>
  openCouponAt(url, config.tokenSecret, { couponId, stock });

/** `crowd` keeps the users of one burst apart from those of another. */
const burst = (couponId: string, requests: number, progress: BurstProgress, crowd = ""): Promise<readonly Reply[]> =>
  sendBurst(planBurst({ couponId, requests, secondAskEvery: 20, unknownEvery: 50 }), {
    baseUrl: url,
    tokenOf: (userId) => token(crowd + userId),
    clients: 50,
    progress,
    signal: new AbortController().signal,
  });

/** Writes every request for a coupon once more, as a redelivery does. */
const sendAgain = async (couponId: string): Promise<void> => {
  const log = kafkaLog({ brokers: config.brokers, clientId: "again", logger: silentLogger });
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "again" });
  try {
    await admin.readTopic(couponIssueRequests.name, async (partition, records) => {
      const copies = records
        .filter(({ key }) => key?.toString() === couponId)
        .map(({ key, value }) => ({ key, value }));
      if (copies.length > 0) await log.append({ topic: couponIssueRequests.name, partition }, copies);
    });
  } finally {
    await Promise.all([log.close(), admin.close()]);
  }
};

const hashOf = (couponId: string): string => stockKey(couponId as CouponId);
const agrees = async (couponId: string): Promise<boolean> => {
  const facts = await readFacts(config, couponId);
  return isSound(checkCoupons(facts)) && facts.counters.size > 0;
};

/** What the console tells of a coupon that a worker set right. */
const repairOf = async (couponId: string): Promise<RepairDocument | undefined> => {
  const data = await openConsoleData(app, config);
  const live = createLive(data.live, systemClock);
  try {
    return (await live.latest()).repairs.find(({ what }) => what === couponId);
  } finally {
    await live.close();
    await data.close();
  }
};

const assertSound = async (prefix: string): Promise<void> => {
  const facts = await readFacts(config, prefix);
  const broken = checkCoupons(facts).filter((check) => !isSound([check]));
  assert.deepEqual(broken, []);
  assert.ok(facts.accepted.size > 0, "nothing was looked at");
};

before(async () => {
  await Promise.all([start("api", "api"), start("worker", "worker-1")]);
});

test("coupon issuing: gives a burst as many coupons as there are, first come first served, when more ask", async () => {
  await openCoupon("e2e-burst", 300);
  const replies = await burst("e2e-burst", 1_000, { sent: 0, accepted: 0, decided: 0 });
  assert.equal(replies.filter(({ status }) => status === "issued").length, 300);
  assert.equal(replies.filter(({ status }) => status === "undecided" || status === "turnedAway").length, 0);
  await assertSound("e2e-burst");
});

test("coupon issuing: loses nothing and decides nothing twice when a worker is killed in the middle", async () => {
  await openCoupon("e2e-kill", 1_000);
  const victim = await start("worker", "worker-2");
  const progress: BurstProgress = { sent: 0, accepted: 0, decided: 0 };
  const replies = burst("e2e-kill", 2_000, progress);
  while (progress.decided < 300) await new Promise((resolve) => setImmediate(resolve));
  for (const { child } of workers()) child.signal("SIGKILL");
  await victim.ended;
  await start("worker", "worker-3");
  const ended = await replies;
  assert.equal(ended.filter(({ status }) => status === "undecided" || status === "turnedAway").length, 0);
  assert.equal(ended.filter(({ status }) => status === "issued").length, 1_000);
  await assertSound("e2e-kill");
});

test("coupon issuing: answers with one reservation when a request is retried with its idempotency key", async () => {
  await openCoupon("e2e-retry", 5);
  const headers = { authorization: `Bearer ${token("patient")}`, "idempotency-key": "once" };
  const ask = () => fetch(`${url}/v1/coupons/e2e-retry/reservations`, { method: "POST", headers });
  const ids = await Promise.all(
    [ask(), ask(), ask()].map(
      async (asked) => ((await (await asked).json()) as { reservationId: string }).reservationId,
    ),
  );
  assert.equal(new Set(ids).size, 1);
  const verdict = await fetch(`${url}/v1/reservations/${ids[0]}?waitMs=10000`, { headers });
  assert.equal(((await verdict.json()) as { status: string }).status, "issued");
  await assertSound("e2e-retry");
});

test("coupon issuing: sets the gate right within seconds when it forgot, was restored, or holds a unit without a reservation", async () => {
  const redis = await openRedis({ redisUrl: config.redisUrl });
  const { client } = redis;
  const coupons = ["flushed", "restored", "low", "high", "orphan"].map((name) => `e2e-gate-${name}`);
  const progress = () => ({ sent: 0, accepted: 0, decided: 0 });
  const [flushed, restored, low, high, orphan] = coupons.map(hashOf) as [string, string, string, string, string];
  try {
    for (const couponId of coupons) await openCoupon(couponId, 60);
    await burst("e2e-gate-restored", 20, progress());
    const old = await client.hgetall(restored);
    for (const couponId of coupons) await burst(couponId, 40, progress());
    await client.del(flushed, restored);
    await client.hset(restored, old);
    await client.hincrby(low, "left", -7);
    await client.hincrby(high, "left", 7);
    await client.hset(orphan, "marks", hexOf(v7() as ReservationId));
    // As a Redis that is restored: it was started anew, and so whatever it says of any coupon is looked at.
    await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await sendAgain("e2e-gate-flushed");
    await until("all agree", async () => (await Promise.all(coupons.map(agrees))).every(Boolean));
    await until("its repair is told", async () => (await repairOf("e2e-gate-low")) !== undefined);
    const { before, after: mended } = (await repairOf("e2e-gate-low")) ?? assert.fail("it was told before");
    assert.equal(Number.parseInt(mended, 10), Number.parseInt(before, 10) + 7);
    await Promise.all(coupons.map((couponId) => burst(couponId, 100, progress(), "late-")));
    for (const couponId of coupons) {
      const { issued } = await readFacts(config, couponId);
      assert.equal(issued.size, 60, couponId);
      await until(`${couponId} agrees in the end`, () => agrees(couponId));
    }
  } finally {
    redis.close();
  }
});

test("coupon issuing: is reconciled by hand when no worker runs, and only then", async () => {
  const redis = await openRedis({ redisUrl: config.redisUrl });
  const couponId = "e2e-by-hand";
  const wish = { couponIds: [couponId], dryRun: false };
  try {
    await openCoupon(couponId, 50);
    await burst(couponId, 20, { sent: 0, accepted: 0, decided: 0 });
    const isRefused = (error: unknown) => error instanceof CliError && error.exitCode === exitCodes.refused;
    await assert.rejects(reconcileOnStores(config, wish), isRefused);
    await Promise.all(workers().map(({ child }) => child.stop()));
    await redis.client.hset(hashOf(couponId), "left", 3, "marks", hexOf(v7() as ReservationId));
    const seen = await reconcileOnStores(config, { ...wish, dryRun: true });
    assert.deepEqual(
      seen.differences.map(({ counter, marks, done }) => [counter, marks, done]),
      [[3, 1, "seen"]],
    );
    assert.equal(await agrees(couponId), false);
    const { differences } = await reconcileOnStores(config, wish);
    assert.deepEqual(
      differences.map(({ marks, done }) => [marks, done]),
      [[1, "repaired"]],
    );
    assert.equal(await agrees(couponId), true);
    assert.deepEqual((await reconcileOnStores(config, { couponIds: [], dryRun: false })).differences, []);
    await start("worker", "worker-4");
    await burst(couponId, 60, { sent: 0, accepted: 0, decided: 0 });
    await assertSound(couponId);
  } finally {
    redis.close();
  }
});

interface Told {
  readonly exitCode: number | null;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly moments: readonly { readonly what: string; readonly text: string; readonly from: string }[];
  readonly contradictions: readonly string[];
  readonly pending: readonly string[];
}

/** `sluice story <id> --json`. */
const story = async (...args: readonly string[]): Promise<Told> => {
  const { exitCode, document, stderr } = await sluice(endpointsEnv(stack.endpoints), "story", ...args);
  if (document?.data === null || document === undefined)
    throw new Error(`no story: ${stderr} ${JSON.stringify(document)}`);
  // Written by the command itself.
  return { exitCode, ...(document.data as Omit<Told, "exitCode">) };
};
const ask = async (couponId: string, userId: string): Promise<string> => {
  const headers = { authorization: `Bearer ${token(userId)}` };
  const asked = await fetch(`${url}/v1/coupons/${couponId}/reservations`, { method: "POST", headers });
  return ((await asked.json()) as { reservationId: string }).reservationId;
};
const whats = ({ moments }: Told): readonly string[] => moments.map(({ what }) => what);

test("story: tells a request from its acceptance to its event, by its id and by its record", async () => {
  const couponId = "e2e-story";
  await openCoupon(couponId, 1);
  const [got, again, late] = [await ask(couponId, "ann"), await ask(couponId, "ann"), await ask(couponId, "bob")];
  await until("all are told of", async () => (await readFacts(config, couponId)).publishedRefused.size === 2);
  await until("their offsets are committed", async () => (await story(got)).pending.length === 0);

  const issued = await story(got);
  assert.deepEqual([issued.exitCode, issued.contradictions, issued.subject], [0, [], { kind: "reservation", id: got }]);
  assert.deepEqual(whats(issued), ["accepted", "step", "step", "row", "unit", "published"]);
  const [accepted] = issued.moments;
  assert.match(accepted?.text ?? "", /^ann asks for e2e-story, number [\d,]+ of its partition$/);
  const byRecord = await story(accepted?.from ?? "");
  assert.deepEqual(byRecord, issued);

  for (const [id, reason] of [
    [again, "DUPLICATE"],
    [late, "SOLD_OUT"],
  ] as const) {
    const refused = await story(id);
    assert.deepEqual([refused.exitCode, refused.contradictions], [0, []]);
    assert.match(refused.moments.find(({ what }) => what === "published")?.text ?? "", new RegExp(reason));
  }
  assert.deepEqual(whats(await story(couponId)), ["terms", "stock", "issued", "gate"]);
  assert.match(JSON.stringify((await story("ann", "--as", "user")).moments), new RegExp(got));
});

test("story: names what contradicts itself, and what is not decided yet", async () => {
  const couponId = "e2e-story-off";
  await openCoupon(couponId, 5);
  const id = await ask(couponId, "ann");
  await until("it is told of", async () => (await readFacts(config, couponId)).publishedIssued.size === 1);
  const rename = (from: string, to: string) =>
    withSession(stack.database, ({ change }) =>
      change("UPDATE user_coupon SET user_id = ? WHERE reservation_id = UNHEX(?) AND user_id = ?", [
        ...[to, hexOf(id as ReservationId), from],
      ]),
    );
  assert.equal(await rename("ann", "eve"), 1);
  const off = await story(id);
  await rename("eve", "ann");
  assert.equal(off.exitCode, exitCodes.failure);
  assert.deepEqual(off.contradictions, ["ann asked, and the verdict is eve's"]);

  await Promise.all(workers().map(({ child }) => child.stop()));
  const waits = await ask(couponId, "cid");
  const told = await story(waits);
  assert.equal(told.exitCode, exitCodes.pending);
  assert.deepEqual([told.contradictions, whats(told)], [[], ["accepted", "unit"]]);
  assert.match(told.pending.join(), /^it is not decided yet: \d+ record\(s\) of its partition are before it$/);
  // A port that nothing listens on.
  const withoutGate = { ...endpointsEnv(stack.endpoints), SLUICE_REDIS_URL: "redis://127.0.0.1:1" };
  const partly = await sluice(withoutGate, "story", id);
  assert.deepEqual([partly.exitCode, partly.document?.warnings?.length], [exitCodes.failure, 1]);
  assert.match(partly.document?.warnings?.[0] ?? "", /redis/);
  const { exitCode, document } = await sluice(endpointsEnv(stack.endpoints), "story", v7());
  assert.deepEqual([exitCode, document?.errors?.[0]?.code], [exitCodes.failure, "NO_STORY"]);
});
