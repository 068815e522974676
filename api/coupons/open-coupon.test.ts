// Opening coupons: for the role admin, once, and with every term in its range.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InjectOptions } from "fastify";
import { Unavailable } from "../../engine/errors.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import { fieldsIn, problemName, type TestApi, testApi } from "../testing/testing-api.ts";

const good = {
  couponId: "launch-2027",
  policyId: "p-1",
  stock: 5_000,
  opensAt: "2027-01-15T12:00:00+09:00",
  closesAt: "2027-01-16T03:00:00.5Z",
  validForDays: 30,
  policy: { name: "새해 쿠폰 🎁", discount: { kind: "percent", percent: 10, maxAmount: 5_000 }, minOrderAmount: 0 },
};
const fixed = { ...good.policy, discount: { kind: "fixed", amount: 1_000 } };

const open = ({ app, bearer }: TestApi, body: unknown, role: string | undefined = "admin") =>
  app.inject({
    method: "POST",
    url: "/v1/admin/coupons",
    headers: bearer("root", role),
    payload: body as NonNullable<InjectOptions["payload"]>,
  });

test("open coupon: opens it with its terms, and answers it with its place", async () => {
  const api = testApi();
  const response = await open(api, good);
  assert.equal(response.statusCode, 201);
  assert.deepEqual(response.json(), {
    ...good,
    opensAt: "2027-01-15T03:00:00.000Z",
    closesAt: "2027-01-16T03:00:00.500Z",
  });
  assert.deepEqual(
    [...api.stores.coupons.values()],
    [{ ...good, opensAt: Date.UTC(2027, 0, 15, 3), closesAt: Date.UTC(2027, 0, 16, 3, 0, 0, 500) }],
  );
});

test("open coupon: leaves both moments open when they are absent", async () => {
  const api = testApi();
  const { opensAt: _opensAt, closesAt: _closesAt, ...terms } = good;
  const response = await open(api, { ...terms, policy: fixed });
  assert.deepEqual(response.json(), { ...terms, policy: fixed });
  assert.deepEqual([...api.stores.coupons.values()], [{ ...terms, policy: fixed, opensAt: null, closesAt: null }]);
});

test("open coupon: answers 200 when it is the same again, 409 when it differs", async () => {
  const api = testApi();
  await open(api, good);
  assert.equal((await open(api, { ...good, opensAt: "2027-01-15T03:00:00Z" })).statusCode, 200);
  const differs = await open(api, { ...good, stock: 5_001 });
  assert.equal(differs.statusCode, 409);
  assert.equal(problemName(differs), "coupon-differs");
  assert.deepEqual(fieldsIn(differs), ["/couponId"]);
});

test("open coupon: is for the role admin", async () => {
  const api = testApi();
  for (const role of ["user", "Admin", "admin ", ""]) {
    const response = await open(api, good, role);
    assert.equal(response.statusCode, 403, role);
    assert.equal(problemName(response), "forbidden");
  }
  assert.equal((await api.app.inject({ method: "POST", url: "/v1/admin/coupons", payload: good })).statusCode, 401);
  assert.equal(api.stores.coupons.size, 0);
});

test("open coupon: names the wrong field", async () => {
  const api = testApi();
  const { policy } = good;
  const { discount } = policy;
  const wrong: readonly (readonly [string, unknown])[] = [
    ["body", []],
    ["body", "null"],
    ["/couponId", { ...good, couponId: undefined }],
    ["/couponId", { ...good, couponId: "a b" }],
    ["/couponId", { ...good, couponId: "x".repeat(65) }],
    ["/couponId", { ...good, couponId: "쿠폰" }],
    ["/couponId", { ...good, couponId: ".." }],
    ["/couponId", { ...good, couponId: "a\n" }],
    ["/policyId", { ...good, policyId: "'; DROP TABLE coupon; --" }],
    ["/policyId", { ...good, policyId: { $ne: null } }],
    ["/stock", { ...good, stock: 0 }],
    ["/stock", { ...good, stock: 100_000_001 }],
    ["/stock", { ...good, stock: 1.5 }],
    ["/stock", { ...good, stock: "5" }],
    ["/stock", { ...good, stock: true }],
    ["/stock", JSON.stringify(good).replace("5000", "1e999")],
    ["/validForDays", { ...good, validForDays: 0 }],
    ["/validForDays", { ...good, validForDays: 3_651 }],
    ["/opensAt", { ...good, opensAt: null }],
    ["/opensAt", { ...good, opensAt: 1_800_000_000_000 }],
    ["/opensAt", { ...good, opensAt: "2027-01-15T12:00:00" }],
    ["/opensAt", { ...good, opensAt: "2027-01-15" }],
    ["/opensAt", { ...good, opensAt: "2027-02-29T12:00:00Z" }],
    ["/opensAt", { ...good, opensAt: "2027-01-15T24:00:00Z" }],
    ["/opensAt", { ...good, opensAt: "1969-12-31T23:59:59Z" }],
    ["/closesAt", { ...good, closesAt: "2027-01-15 12:00:00Z" }],
    ["/closesAt", { ...good, closesAt: "2027-01-15T03:00:00Z" }],
    ["/surprise", { ...good, surprise: 1 }],
    ["/policy", { ...good, policy: undefined }],
    ["/policy", { ...good, policy: [] }],
    ["/policy/name", { ...good, policy: { ...policy, name: "" } }],
    ["/policy/name", { ...good, policy: { ...policy, name: "x".repeat(101) } }],
    ["/policy/name", { ...good, policy: { ...policy, name: "\u001b[2J" } }],
    ["/policy/name", JSON.stringify(good).replace("새해", "\\ud800")],
    ["/policy/minOrderAmount", { ...good, policy: { ...policy, minOrderAmount: -1 } }],
    ["/policy/minOrderAmount", { ...good, policy: { ...policy, minOrderAmount: 2 ** 53 } }],
    ["/policy/discount", { ...good, policy: { ...policy, discount: "10%" } }],
    ["/policy/discount/kind", { ...good, policy: { ...policy, discount: {} } }],
    ["/policy/discount/kind", { ...good, policy: { ...policy, discount: { ...discount, kind: "free" } } }],
    ["/policy/discount/percent", { ...good, policy: { ...policy, discount: { ...discount, percent: 101 } } }],
    ["/policy/discount/maxAmount", { ...good, policy: { ...policy, discount: { ...discount, maxAmount: 0 } } }],
    ["/policy/discount/amount", { ...good, policy: { ...policy, discount: { kind: "fixed" } } }],
    [
      "/policy/discount/percent",
      { ...good, policy: { ...policy, discount: { kind: "fixed", amount: 1, percent: 1 } } },
    ],
  ];
  for (const [field, body] of wrong) {
    const payload = typeof body === "string" ? body : JSON.stringify(body);
    const response = await api.app.inject({
      method: "POST",
      url: "/v1/admin/coupons",
      headers: { ...api.bearer("root", "admin"), "content-type": "application/json" },
      payload,
    });
    assert.equal(response.statusCode, 400, payload);
    assert.deepEqual(fieldsIn(response), [field], `${payload}: ${response.body}`);
  }
  assert.equal(api.stores.coupons.size, 0);
});

test("open coupon: names every wrong field at once", async () => {
  const response = await open(testApi(), { ...good, couponId: "", stock: -1, validForDays: 0, x: 1 });
  assert.deepEqual([...fieldsIn(response)].sort(), ["/couponId", "/stock", "/validForDays", "/x"]);
});

test("open coupon: is a 503 when the database is away, or does not answer", async () => {
  const api = testApi();
  api.stores.trouble.error = new Unavailable("database", "away");
  assert.equal(problemName(await open(api, good)), "unavailable");
  const { promise, resolve } = Promise.withResolvers<void>();
  api.stores.trouble.until = promise;
  const late = open(api, good);
  await settled();
  api.clock.advance(10_000);
  assert.equal(problemName(await late), "unavailable");
  resolve();
  await settled();
});
