// Asking for a coupon: what is written, what is answered, and what is not when something is in the way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison, Retriable, StoreUnfit, Unavailable } from "../../engine/errors.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { reservationIdFrom } from "../http/request/ids.ts";
import { createReservationIds } from "./reservation-id.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import { userNamed } from "../testing/testing.ts";
import { fieldsIn, problemIn, problemName, testApi, testSecret } from "../testing/testing-api.ts";

interface Accepted {
  readonly reservationId: string;
  readonly status: string;
}

test("reserve: writes one record, keyed by its coupon, and answers 202 when it is acknowledged", async () => {
  const { producer, clock, reserve, seen } = testApi();
  const response = await reserve("alice", { body: { policyId: "p-1" } });
  assert.equal(response.statusCode, 202);
  const { reservationId, status } = response.json<Accepted>();
  assert.equal(status, "pending");
  assert.equal(response.headers.location, `/v1/reservations/${reservationId}?place=0-0`);
  assert.equal(producer.produced.length, 1);
  const { to, record, value } = producer.produced[0] ?? assert.fail();
  assert.deepEqual(to, { topic: "coupon-issue", partition: "launch".length % 6 });
  assert.equal(String(record.key), "launch");
  assert.deepEqual(value, {
    reservationId,
    couponId: "launch",
    userId: "alice",
    policyId: "p-1",
    requestedAt: clock.now(),
  });
  assert.ok(
    createReservationIds(testSecret).mintedFor(reservationIdFrom(reservationId) ?? assert.fail(), userNamed("alice")),
  );
  assert.deepEqual(seen.answered, [{ route: "/v1/coupons/:couponId/reservations", status: 202 }]);
  assert.equal(seen.acknowledgeMs.length, 1);
});

test("reserve: takes an empty body for no policy", async () => {
  const { app, bearer, producer } = testApi();
  const url = "/v1/coupons/launch/reservations";
  const json = { "content-type": "application/json" };
  const answers = [
    await app.inject({ method: "POST", url, headers: bearer("alice") }),
    await app.inject({ method: "POST", url, headers: { ...bearer("alice"), ...json }, payload: "" }),
    await app.inject({ method: "POST", url, headers: { ...bearer("alice"), ...json }, payload: "{}" }),
  ];
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [202, 202, 202],
  );
  assert.deepEqual(
    producer.produced.map(({ value }) => value.policyId),
    [null, null, null],
  );
});

test("reserve: takes the user from the token, never from the request", async () => {
  const { app, bearer, producer, reserve } = testApi();
  assert.deepEqual(fieldsIn(await reserve("alice", { body: { userId: "bob" } })), ["/userId"]);
  assert.equal(producer.produced.length, 0);
  const response = await app.inject({
    method: "POST",
    url: "/v1/coupons/launch/reservations?userId=bob&sub=bob",
    headers: { ...bearer("alice"), "x-user-id": "bob", "user-id": "bob" },
  });
  assert.equal(response.statusCode, 202);
  assert.equal(producer.produced[0]?.value.userId, "alice");
});

test("reserve: does not answer before the acknowledgement", async () => {
  const { producer, clock, reserve, seen } = testApi();
  producer.hold();
  let answered = false;
  const response = reserve("alice").then((it) => {
    answered = true;
    return it;
  });
  await settled();
  assert.equal(producer.produced.length, 1);
  clock.advance(250);
  await settled();
  assert.equal(answered, false);
  producer.produced[0]?.acknowledge();
  assert.equal((await response).statusCode, 202);
  assert.deepEqual(seen.acknowledgeMs, [250]);
  assert.equal(clock.timers(), 0);
});

test("reserve: says that the outcome is unknown when the acknowledgement does not come", async () => {
  const { producer, clock, reserve, seen } = testApi({ acknowledgeTimeoutMs: 10_000 });
  producer.hold();
  const [plain, keyed] = [reserve("alice"), reserve("alice", { key: "k" })];
  await settled();
  clock.advance(10_000);
  for (const [response, words] of [
    [await plain, /Without an Idempotency-Key/],
    [await keyed, /retry with the same Idempotency-Key is safe/],
  ] as const) {
    assert.equal(response.statusCode, 503);
    assert.equal(problemName(response), "outcome-unknown");
    assert.equal(response.headers["retry-after"], "1");
    const { detail, reservationId } = problemIn(response);
    assert.match(detail, words);
    assert.match(detail, /within 10000 ms/);
    assert.equal(response.headers.location, `/v1/reservations/${reservationId}`);
    assert.ok(producer.produced.some(({ value }) => value.reservationId === reservationId));
  }
  assert.deepEqual(seen.turnedAway, ["outcome-unknown", "outcome-unknown"]);
  for (const { acknowledge } of producer.produced) acknowledge();
  await settled();
});

test("reserve: says that the outcome is unknown when the producer rejects", async () => {
  const { producer, reserve, seen } = testApi();
  producer.hold();
  const response = reserve("alice", { key: "k" });
  await settled();
  producer.produced[0]?.fail(new Error("the producer was closed"));
  assert.equal(problemName(await response), "outcome-unknown");
  assert.match(seen.logged.join(), /the producer was closed/);
});

test("reserve: is the server's mistake, and says no more, when the log will never take the record", async () => {
  const { producer, reserve, seen } = testApi();
  producer.hold();
  const response = reserve("alice");
  await settled();
  producer.produced[0]?.fail(new Poison("RECORD_TOO_LARGE", "at broker 10.0.0.7"));
  assert.equal(problemName(await response), "internal");
  assert.doesNotMatch((await response).body, /broker|10\.0/);
  assert.match(seen.logged.join(), /error: a request failed .*10\.0\.0\.7/);
});

test("reserve: writes nothing and claims nothing when the backlog is at its bound", async () => {
  const { producer, stores, reserve, seen } = testApi({ maxBacklogRecords: 100, retryAfterSeconds: 7 });
  producer.backlog = 99;
  assert.equal((await reserve("alice")).statusCode, 202);
  producer.backlog = 100;
  for (const response of [await reserve("alice"), await reserve("alice", { key: "k" })]) {
    assert.equal(response.statusCode, 503);
    assert.equal(problemName(response), "overloaded");
    assert.equal(response.headers["retry-after"], "7");
  }
  assert.equal(producer.produced.length, 1);
  assert.equal(stores.claimCalls.length, 0);
  assert.deepEqual(seen.turnedAway, ["overloaded", "overloaded"]);
  producer.backlog = 0;
  assert.equal((await reserve("alice")).statusCode, 202);
});

test("reserve: counts requests that wait for their key as backlog", async () => {
  const { producer, stores, reserve } = testApi({ maxBacklogRecords: 3 });
  const { promise, resolve } = Promise.withResolvers<void>();
  stores.trouble.until = promise;
  const waiting = [1, 2, 3].map((at) => reserve("alice", { key: `k-${at}` }));
  await settled();
  assert.equal(problemName(await reserve("alice", { key: "k-4" })), "overloaded");
  assert.equal(problemName(await reserve("bob")), "overloaded");
  resolve();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ statusCode }) => statusCode),
    [202, 202, 202],
  );
  assert.equal(producer.produced.length, 3);
});

test("reserve: answers a retry with the same reservation, and writes it again", async () => {
  const { producer, reserve } = testApi();
  const responses = [await reserve("alice", { key: "k", body: {} }), await reserve("alice", { key: "k" })];
  const ids = responses.map((response) => response.json<Accepted>().reservationId);
  assert.deepEqual(
    responses.map(({ statusCode }) => statusCode),
    [202, 202],
  );
  assert.equal(new Set(ids).size, 1);
  assert.deepEqual(
    producer.produced.map(({ value }) => value.reservationId),
    ids,
  );
  // Keys belong to their user.
  assert.notEqual((await reserve("bob", { key: "k" })).json<Accepted>().reservationId, ids[0]);
  assert.notEqual((await reserve("alice", { key: "K" })).json<Accepted>().reservationId, ids[0]);
  assert.notEqual((await reserve("alice")).json<Accepted>().reservationId, ids[0]);
});

test("reserve: finds the reservation of a request whose outcome was unknown", async () => {
  const { producer, clock, reserve } = testApi();
  producer.hold();
  const lost = reserve("alice", { key: "k" });
  await settled();
  clock.advance(10_000);
  const { reservationId } = problemIn(await lost);
  const retry = reserve("alice", { key: "k" });
  await settled();
  producer.produced[1]?.acknowledge();
  assert.equal((await retry).json<Accepted>().reservationId, reservationId);
});

test("reserve: refuses a key that was used for something else, and writes nothing", async () => {
  const { producer, reserve } = testApi();
  await reserve("alice", { key: "k", body: { policyId: "p" } });
  for (const other of [{ body: { policyId: "q" } }, { body: {} }, { couponId: "other", body: { policyId: "p" } }]) {
    const response = await reserve("alice", { key: "k", ...other });
    assert.equal(response.statusCode, 422);
    assert.equal(problemName(response), "idempotency-key-reused");
    assert.deepEqual(fieldsIn(response), ["Idempotency-Key"]);
  }
  assert.equal(producer.produced.length, 1);
});

test("reserve: claims keys together while a claim is in flight", async () => {
  const { stores, reserve } = testApi();
  const { promise, resolve } = Promise.withResolvers<void>();
  stores.trouble.until = promise;
  const responses = [1, 2, 3, 4].map((at) => reserve(`user-${at}`, { key: "k" }));
  await settled();
  resolve();
  await Promise.all(responses);
  assert.deepEqual(
    stores.claimCalls.map((claims) => claims.length),
    [1, 3],
  );
});

test("reserve: writes nothing when the key store is away", async () => {
  const unfit = new StoreUnfit("DATABASE_1146", "Table 's.t' doesn't exist at ECONN");
  for (const error of [new Unavailable("database", "ECONNREFUSED 10.0.0.7"), new Retriable("DEADLOCK", "1"), unfit]) {
    const { producer, stores, reserve, seen } = testApi();
    stores.trouble.error = error;
    const response = await reserve("alice", { key: "k" });
    assert.equal(problemName(response), "unavailable");
    assert.equal(response.headers["retry-after"], "1");
    assert.doesNotMatch(response.body, /10\.0|ECONN/);
    assert.equal(producer.produced.length, 0);
    assert.deepEqual(seen.turnedAway, ["unavailable"]);
    // Who sends no key does not need that store.
    assert.equal((await reserve("alice")).statusCode, 202);
  }
});

test("reserve: writes nothing, then or later, when the key store does not answer in time", async () => {
  const { producer, stores, clock, reserve } = testApi();
  const { promise, resolve } = Promise.withResolvers<void>();
  stores.trouble.until = promise;
  const response = reserve("alice", { key: "k" });
  await settled();
  clock.advance(10_000);
  assert.equal(problemName(await response), "unavailable");
  resolve();
  await settled();
  assert.equal(producer.produced.length, 0);
});

test("reserve: refuses a key that is not 1 to 255 visible ASCII characters", async () => {
  const { producer, reserve } = testApi();
  for (const key of ["", " ", "a b", "k".repeat(256), "é", "k\tk"]) {
    const response = await reserve("alice", { key });
    assert.equal(response.statusCode, 400, JSON.stringify(key));
    assert.deepEqual(fieldsIn(response), ["idempotency-key"]);
  }
  assert.equal(producer.produced.length, 0);
  for (const key of ["!", "~", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "k".repeat(255)]) {
    assert.equal((await reserve("alice", { key })).statusCode, 202, key);
  }
});

test("reserve: is refused at the door when the catalogue has said that there is no such coupon, and binds no key", async () => {
  const { producer, stores, reserve, clock, app, bearer } = testApi();
  const typo = "typo" as CouponId;
  stores.unknownCoupons.add(typo);
  for (let turn = 0; turn < 3; turn++) {
    const response = await reserve("alice", { couponId: typo, key: "k" });
    assert.equal(response.statusCode, 404);
    assert.equal(problemName(response), "coupon-not-found");
  }
  assert.deepEqual([producer.produced.length, stores.claimCalls.length, stores.catalogCalls.length], [0, 0, 1]);
  // While the catalogue is away nobody is refused: a worker judges.
  clock.advance(1_000);
  stores.catalogTrouble.error = new Unavailable("database", "away");
  assert.equal((await reserve("alice", { couponId: typo })).statusCode, 202);
  stores.catalogTrouble.error = undefined;
  clock.advance(1_000);
  assert.equal((await reserve("alice", { couponId: typo })).statusCode, 404);
  const opened = await app.inject({
    method: "POST",
    url: "/v1/admin/coupons",
    headers: { ...bearer("boss", "admin"), "content-type": "application/json" },
    payload: {
      couponId: typo,
      policyId: "p",
      stock: 1,
      validForDays: 1,
      policy: { name: "P", discount: { kind: "fixed", amount: 1 }, minOrderAmount: 0 },
    },
  });
  assert.equal(opened.statusCode, 201);
  assert.equal((await reserve("alice", { couponId: typo })).statusCode, 202);
});

test("reserve: answers a user above their rate with 429 before anything is done, and nobody else", async () => {
  const { producer, reserve, read, clock, seen, app, bearer } = testApi({ userRatePerSecond: 2, userBurst: 3 });
  const statuses = [];
  for (let turn = 0; turn < 5; turn++) statuses.push((await reserve("alice", { key: `k${turn}` })).statusCode);
  assert.deepEqual(statuses, [202, 202, 202, 429, 429]);
  const refused = await reserve("alice", { body: "x".repeat(10_000) });
  assert.equal(problemName(refused), "too-many-requests");
  assert.equal(refused.headers["retry-after"], "1");
  assert.equal(producer.produced.length, 3);
  assert.equal((await reserve("bob")).statusCode, 202);
  // Each route has buckets of its own.
  assert.equal((await read("alice", "x")).statusCode, 400);
  const paid = await app.inject({ method: "POST", url: "/v1/payments", headers: bearer("alice") });
  assert.notEqual(paid.statusCode, 429);
  clock.advance(500);
  assert.deepEqual([(await reserve("alice")).statusCode, (await reserve("alice")).statusCode], [202, 429]);
  assert.ok(seen.turnedAway.every((why) => why === "too-many-requests"));
  // One line a second, whatever comes.
  assert.ok(seen.logged.length <= 2, seen.logged.join());
});
