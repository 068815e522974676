// The API as a server: every error is a problem, nothing is parsed that should not be, and who asks is always known.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InjectOptions } from "fastify";
import { Fatal } from "../engine/errors.ts";
import { createApi } from "./api.ts";
import { fakeProducer } from "../engine/log/testing/fake-producer.ts";
import { fakeClock, fakeStores } from "./testing/testing.ts";
import { fieldsIn, problemIn, problemName, testApi, testSecret } from "./testing/testing-api.ts";
import { mintToken } from "./tokens/token.ts";

const url = "/v1/coupons/launch/reservations";
// The injector sends a list as fields of their own, and gives them no type.
const manyValued = (headers: object): NonNullable<InjectOptions["headers"]> =>
  headers as NonNullable<InjectOptions["headers"]>;

test("API: is a problem when there is nothing at the path, or not for the method", async () => {
  const { app, bearer, seen } = testApi();
  for (const path of [
    "/",
    "/v1",
    "/v1/coupons",
    "/v1/coupons/launch",
    "/V1/reservations/x",
    `${url}/`,
    "//",
    "/v1/coupons//reservations",
  ]) {
    const response = await app.inject({ method: "GET", url: `${path}?secret=1` });
    assert.equal(problemName(response), "not-found", path);
    assert.equal(problemIn(response).instance, path);
  }
  for (const [method, path, allow] of [
    ["GET", url, "POST"],
    ["PUT", url, "POST"],
    ["DELETE", "/v1/reservations/x", "GET, HEAD"],
    ["OPTIONS", "/v1/admin/coupons", "POST"],
    ["POST", "/live", "GET, HEAD"],
  ] as const) {
    // With a body that would not be taken: the method is what is wrong.
    const headers = { ...bearer("alice"), "content-type": "text/html" };
    const response = await app.inject({ method, url: path, headers, payload: method === "GET" ? "" : "<p>" });
    assert.equal(problemName(response), "method-not-allowed", path);
    assert.equal(response.headers["allow"], allow);
  }
  assert.deepEqual([...new Set(seen.answered.map(({ route }) => route))], ["unmatched"]);
});

test("API: names routes and no id in its metrics when ids are flooded", async () => {
  const { app, bearer, seen } = testApi();
  const headers = { ...bearer("alice"), "content-type": "application/json" };
  for (let n = 0; n < 200; n++) {
    await app.inject({ method: "POST", url: `/v1/coupons/flood-${n}/reservations`, headers, payload: "{}" });
    await app.inject({ method: "GET", url: `/v1/reservations/flood-${n}`, headers });
    await app.inject({ method: "GET", url: `/flood-${n}`, headers });
  }
  const routes = new Set(seen.answered.map(({ route }) => route));
  assert.equal(seen.answered.length, 600);
  assert.equal(routes.size, 3);
  assert.ok(![...routes].some((route) => route.includes("flood")));
});

test("API: wants a bearer token, and says in the challenge what is wrong with it", async () => {
  const { app, bearer, clock, producer } = testApi();
  const { authorization } = bearer("alice");
  const foreign = mintToken({ secret: Buffer.alloc(32, 2), userId: "alice", ttlMs: 60_000, now: clock.now() });
  const routes = [
    ["POST", url],
    ["GET", "/v1/reservations/x"],
    ["POST", "/v1/admin/coupons"],
  ] as const;
  for (const [method, path] of routes) {
    const refused = async (
      headers: Readonly<Record<string, string>>,
      name: string,
      challenge: RegExp,
    ): Promise<void> => {
      const response = await app.inject({ method, url: path, headers });
      assert.equal(response.statusCode, 401);
      assert.equal(problemName(response), name, `${path} ${JSON.stringify(headers)}`);
      assert.match(String(response.headers["www-authenticate"]), challenge);
      assert.deepEqual(fieldsIn(response), ["Authorization"]);
    };
    await refused({}, "token-missing", /^Bearer realm="sluice"$/);
    const invalid = /^Bearer realm="sluice", error="invalid_token", error_description="[^"]+"$/;
    for (const value of [
      "",
      "Bearer",
      "Bearer ",
      "Basic YTpi",
      `Token ${authorization.slice(7)}`,
      `${authorization} x`,
      `${authorization},x`,
    ]) {
      await refused({ authorization: value }, "token-invalid", invalid);
    }
    await refused({ authorization: `Bearer ${foreign}` }, "token-invalid", invalid);
    await refused({ authorization: `${authorization.slice(0, -2)}` }, "token-invalid", invalid);
  }
  assert.notEqual((await app.inject({ method: "POST", url, headers: { authorization } })).statusCode, 401);
  clock.advance(60_000);
  const expired = await app.inject({ method: "POST", url, headers: { authorization } });
  assert.equal(problemName(expired), "token-expired");
  assert.match(String(expired.headers["www-authenticate"]), /expired/);
  assert.equal(producer.produced.length, 1);
});

test("API: takes one spelling of JSON and refuses every other body before it is read", async () => {
  const { app, bearer, producer } = testApi();
  const send = (type: string | undefined, payload: string) =>
    app.inject({
      method: "POST",
      url,
      // The injector names a type by itself unless it is given an empty one.
      headers: { ...bearer("alice"), ...(type === undefined ? {} : { "content-type": type }) },
      payload: Buffer.from(payload),
    });
  const accepted = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'application/json; charset="utf-8"',
  ];
  for (const type of accepted) assert.equal((await send(type, "{}")).statusCode, 202, type);
  const refused = [
    undefined,
    "",
    "application/json\t",
    "application/json ",
    " application/json",
    "application/json;",
    "application/json; charset=utf-16",
    "application/json; charset=utf-8; x=1",
    "application/json;\tcharset=utf-8",
    "application/json, text/plain",
    "application/jsonx",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/json",
    "text/plain",
    "text/html;application/json",
    "*/*",
  ];
  for (const type of refused) {
    // Neither JSON nor of a lawful length: had it been read, another problem would be reported.
    const response = await send(type, `{"policyId":${"x".repeat(5_000)}`);
    assert.equal(response.statusCode, 415, String(type));
    assert.deepEqual(fieldsIn(response), ["Content-Type"]);
  }
  const packed = await app.inject({
    method: "POST",
    url,
    headers: { ...bearer("alice"), "content-type": "application/json", "content-encoding": "gzip" },
    payload: "{}",
  });
  assert.deepEqual(fieldsIn(packed), ["Content-Encoding"]);
  assert.equal(producer.produced.length, accepted.length);
});

test("API: reads bodies of 4096 bytes and none of 4097", async () => {
  const { app, bearer, producer } = testApi();
  const send = (payload: string) =>
    app.inject({ method: "POST", url, headers: { ...bearer("alice"), "content-type": "application/json" }, payload });
  assert.equal((await send("{}".padEnd(4_096))).statusCode, 202);
  const response = await send("{}".padEnd(4_097));
  assert.equal(response.statusCode, 413);
  assert.equal(problemName(response), "body-too-large");
  assert.deepEqual(fieldsIn(response), ["body"]);
  assert.equal((await send(`{"policyId":"${"쿠".repeat(1_500)}"}`)).statusCode, 413);
  assert.equal(producer.produced.length, 1);
});

test("API: is a problem about the body when that is no JSON object", async () => {
  const { app, bearer, producer } = testApi();
  const send = (payload: string | Buffer) =>
    app.inject({ method: "POST", url, headers: { ...bearer("alice"), "content-type": "application/json" }, payload });
  const broken = [
    "{",
    "{'a':1}",
    '{"a":1}}',
    "NaN",
    "undefined",
    '{"policyId":NaN}',
    "{}\u0000",
    Buffer.from([0xff, 0xfe, 0x7b]),
  ];
  for (const payload of [
    ...broken,
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{}}}',
    '{"\\u005f_proto__":1}',
  ]) {
    const response = await send(payload);
    assert.equal(response.statusCode, 400, String(payload));
    assert.equal(problemName(response), "malformed-request", String(payload));
    assert.deepEqual(fieldsIn(response), ["body"]);
  }
  for (const payload of ["null", "[]", '"{}"', "1", "true", `${"[".repeat(2_000)}${"]".repeat(2_000)}`]) {
    const response = await send(payload);
    assert.equal(problemName(response), "validation", payload);
    assert.deepEqual(fieldsIn(response), ["body"]);
  }
  assert.equal(producer.produced.length, 0);
});

test("API: names as many wrong fields as it should, and no longer names than it should", async () => {
  const { app, bearer } = testApi();
  const payload = `{${Array.from({ length: 300 }, (_, at) => `"f${at}":1`).join(",")}}`;
  const headers = { ...bearer("alice"), "content-type": "application/json" };
  assert.equal(fieldsIn(await app.inject({ method: "POST", url, headers, payload })).length, 16);
  const long = await app.inject({ method: "POST", url, headers, payload: `{"${"x".repeat(4_000)}":1}` });
  assert.ok(long.body.length < 1_000);
});

test("API: refuses header fields that are sent twice but may be sent once", async () => {
  const { app, bearer, producer } = testApi();
  const { authorization } = bearer("alice");
  const twice = async (headers: Readonly<Record<string, string[]>>, name: string): Promise<void> => {
    const response = await app.inject({ method: "POST", url, headers: manyValued({ authorization, ...headers }) });
    assert.equal(response.statusCode, 400, name);
    assert.deepEqual(
      fieldsIn(response).map((field) => field.toLowerCase()),
      [name],
    );
  };
  await twice({ authorization: [authorization, bearer("bob").authorization] }, "authorization");
  await twice({ "idempotency-key": ["a", "a"] }, "idempotency-key");
  assert.equal(
    (await app.inject({ method: "POST", url, headers: manyValued({ authorization, accept: ["a", "b"] }) })).statusCode,
    202,
  );
  assert.equal(producer.produced.length, 1);
});

test("API: refuses targets that are too long or not UTF-8", async () => {
  const { app, bearer, producer } = testApi();
  const headers = bearer("alice");
  const long = await app.inject({ method: "POST", url: `/v1/coupons/${"x".repeat(1_100)}/reservations`, headers });
  assert.equal(problemName(long), "uri-too-long");
  assert.ok(problemIn(long).instance.length <= 256);
  for (const coupon of ["%ff", "%", "%zz", "%c0%af"]) {
    assert.equal(
      problemName(await app.inject({ method: "POST", url: `/v1/coupons/${coupon}/reservations`, headers })),
      "malformed-request",
    );
  }
  const wrong = [
    "a%20b",
    "a%2Fb",
    "%00",
    "x".repeat(65),
    "%EC%BF%A0",
    "';DROP%20TABLE%20x--",
    "return%20redis.call('flushall')",
    "{launch}",
    "*",
  ];
  for (const coupon of wrong) {
    const response = await app.inject({ method: "POST", url: `/v1/coupons/${coupon}/reservations`, headers });
    assert.equal(response.statusCode, 400, coupon);
    assert.deepEqual(fieldsIn(response), ["couponId"]);
  }
  assert.equal(producer.produced.length, 0);
});

test("API: says what broke in its log only", async () => {
  const { app, bearer, stores, seen } = testApi();
  stores.trouble.error = new TypeError("SELECT * FROM user_coupon at /srv/stores/mysql.ts:7");
  const response = await app.inject({ method: "POST", url, headers: { ...bearer("alice"), "idempotency-key": "k" } });
  assert.equal(response.statusCode, 500);
  assert.equal(problemName(response), "internal");
  assert.match(seen.logged.join(), /^error: a request failed TypeError: SELECT/);
});

test("API: is live while it is up, and ready when its parameter says so and it is not closing", async () => {
  const { app, readiness } = testApi();
  assert.deepEqual((await app.inject("/live")).json(), { status: "ok" });
  assert.deepEqual((await app.inject("/ready")).json(), { status: "ok" });
  readiness.now = { ok: false, why: ["the log is away", "the database is away"], codes: ["DEPENDENCY_AWAY"] };
  const response = await app.inject("/ready");
  assert.equal(problemName(response), "not-ready");
  assert.equal(problemIn(response).detail, "Not ready: the log is away; the database is away");
  assert.equal(response.headers["retry-after"], "1");
  assert.equal((await app.inject("/live")).statusCode, 200);
  assert.equal((await app.inject({ method: "HEAD", url: "/live" })).statusCode, 200);
});

test("API: counts answers by route and status only", async () => {
  const { reserve, read, app, seen } = testApi();
  await reserve("alice");
  await reserve("alice", { couponId: "a%20b" });
  await read("alice", "x");
  await app.inject("/live");
  await app.inject("/etc/passwd");
  assert.deepEqual(seen.answered, [
    { route: "/v1/coupons/:couponId/reservations", status: 202 },
    { route: "/v1/coupons/:couponId/reservations", status: 400 },
    { route: "/v1/reservations/:reservationId", status: 400 },
    { route: "/live", status: 200 },
    { route: "unmatched", status: 404 },
  ]);
});

test("API: is not made when the secret is too short", () => {
  const parameters = {
    ports: fakeStores().ports,
    producer: fakeProducer(),
    encodeRequest: () => Buffer.alloc(0),
    clock: fakeClock(),
    randomBytes: () => testSecret,
    ready: () => ({ ok: true, why: [], codes: [] }),
    log: { warn: () => {}, error: () => {} },
  };
  assert.throws(
    () => createApi({ ...parameters, tokenSecret: Buffer.from("short") }),
    (error) => error instanceof Fatal && error.code === "WEAK_SECRET",
  );
});
