// Paying by HTTP: what is answered, to whom, and what is not.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { InjectOptions } from "fastify";
import { v7 } from "uuid";
import { Contended, Retriable, Unavailable } from "../../engine/errors.ts";
import { type OptionId, type PaymentAsk, PaymentInDoubt } from "../../processors/payments/payment-ports.ts";
import type { ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId } from "../../schemas/payment.ts";
import type { ApiSettings } from "../http/parameters.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import { fieldsIn, problemIn, problemName, testApi } from "../testing/testing-api.ts";

interface PaymentDocument {
  readonly paymentId: string;
  readonly orderId: string;
  readonly amount: number;
  readonly paidAt: string;
}

/** An API with users who have 100,000 won each, and 100 cups. */
const shopApi = (settings: Partial<ApiSettings> = {}) => {
  const api = testApi(settings);
  after(() => api.app.close());
  const { shop } = api.stores;
  const cup = "cup" as OptionId;
  shop.left.set(cup, 100);
  const openOrder = (
    user: string,
    quantity = 1,
    unitPrice = 10_000,
    coupons: readonly ReservationId[] = [],
  ): string => {
    const [orderId, userId] = [v7() as OrderId, user as UserId];
    const items = [{ optionId: cup, quantity, unitPrice: unitPrice as Won }];
    shop.orders.set(orderId, { orderId, userId, items, coupons, paid: false });
    if (!shop.balances.has(userId)) shop.balances.set(userId, 100_000 as Won);
    return orderId;
  };
  const pay = (user: string, orderId: unknown, headers: InjectOptions["headers"] = { "idempotency-key": v7() }) =>
    api.app.inject({
      method: "POST",
      url: "/v1/payments",
      headers: { ...api.bearer(user), ...headers },
      payload: { orderId },
    });
  const read = (user: string, paymentId: string) =>
    api.app.inject({ method: "GET", url: `/v1/payments/${paymentId}`, headers: api.bearer(user) });
  return { ...api, shop, cup, openOrder, pay, readPayment: read };
};

test("payment: is 201 with the payment, and can be looked at by its owner only", async () => {
  const { openOrder, pay, readPayment, shop } = shopApi();
  const orderId = openOrder("alice", 2);
  const response = await pay("alice", orderId);
  assert.equal(response.statusCode, 201, response.body);
  const payment = response.json<PaymentDocument>();
  assert.deepEqual(payment, {
    paymentId: payment.paymentId,
    orderId,
    amount: 20_000,
    paidAt: new Date(shop.now).toISOString(),
  });
  assert.equal(response.headers["location"], `/v1/payments/${payment.paymentId}`);
  assert.equal(response.headers["cache-control"], "no-store");
  const seen = await readPayment("alice", payment.paymentId);
  assert.deepEqual([seen.statusCode, seen.json()], [200, payment]);
  assert.equal(problemName(await readPayment("bob", payment.paymentId)), "not-found");
  assert.equal(problemName(await readPayment("alice", v7())), "not-found");
});

test("payment: is the same with 200 when its key asks again, and 422 with another body", async () => {
  const { openOrder, pay, shop } = shopApi();
  const orderId = openOrder("alice");
  const key = { "idempotency-key": "k1" };
  const first = await pay("alice", orderId, key);
  const again = await pay("alice", orderId, key);
  assert.deepEqual([again.statusCode, again.body], [200, first.body]);
  assert.equal(again.headers["location"], undefined);
  const other = await pay("alice", openOrder("alice"), key);
  assert.equal(problemName(other), "idempotency-key-reused");
  assert.equal(other.statusCode, 422);
  assert.equal(shop.balances.get("alice" as UserId), 90_000);
  assert.equal((await pay("bob", openOrder("bob"), key)).statusCode, 201);
});

test("payment: is 404 for another user's order and for one that is not there, in the same words", async () => {
  const { openOrder, pay } = shopApi();
  const answers = [await pay("bob", openOrder("alice")), await pay("bob", v7())].map(problemIn);
  for (const { type, status } of answers) assert.deepEqual([type, status], ["/problems/order-not-found", 404]);
  assert.deepEqual(answers[0], answers[1]);
});

test("payment: says what is short, what it costs, which coupon is in the way, and that it is paid", async () => {
  const { openOrder, pay, shop, cup } = shopApi();
  const outOfStock = problemIn(await pay("alice", openOrder("alice", 101)));
  assert.deepEqual([outOfStock.type, outOfStock.status], ["/problems/option-out-of-stock", 409]);
  assert.deepEqual(outOfStock.options, [{ optionId: cup, wanted: 101, left: 100 }]);
  const tooDear = problemIn(await pay("alice", openOrder("alice", 1, 100_001)));
  assert.deepEqual([tooDear.type, tooDear.status], ["/problems/balance-too-low", 409]);
  assert.deepEqual([tooDear.amount, tooDear.balance], [100_001, 100_000]);
  const reservationId = v7() as ReservationId;
  const coupon = problemIn(await pay("alice", openOrder("alice", 1, 10, [reservationId])));
  assert.deepEqual([coupon.type, coupon.status], ["/problems/coupon-not-usable", 409]);
  assert.deepEqual(coupon.coupons, [{ reservationId, why: "unknown" }]);
  const orderId = openOrder("alice");
  await pay("alice", orderId);
  const paid = problemIn(await pay("alice", orderId));
  assert.deepEqual([paid.type, paid.status], ["/problems/order-not-payable", 409]);
  assert.equal(shop.balances.get("alice" as UserId), 90_000);
});

test("payment: is not asked for when anything of the request is wrong", async () => {
  const { app, openOrder, pay, bearer, stores } = shopApi();
  const orderId = openOrder("alice");
  const wrongIds = [undefined, null, 1, "", "x", orderId.toUpperCase(), `${orderId} `, [orderId], { $ne: 1 }];
  for (const wrong of wrongIds) assert.deepEqual(fieldsIn(await pay("alice", wrong)), ["/orderId"], String(wrong));
  assert.deepEqual(fieldsIn(await pay("alice", orderId, {})), ["idempotency-key"]);
  assert.deepEqual(fieldsIn(await pay("alice", orderId, { "idempotency-key": "a b" })), ["idempotency-key"]);
  const send = async (changes: InjectOptions) => {
    const headers = { ...bearer("alice"), "idempotency-key": "k", ...changes.headers };
    return problemName(await app.inject({ method: "POST", url: "/v1/payments", ...changes, headers }));
  };
  assert.equal(await send({ payload: { orderId, userId: "bob" } }), "validation");
  assert.equal(await send({ payload: { orderId, amount: 1 } }), "validation");
  assert.equal(await send({}), "validation");
  assert.equal(
    await send({ payload: `{"orderId":"${orderId}"`, headers: { "content-type": "application/json" } }),
    "malformed-request",
  );
  assert.equal(await send({ payload: "x", headers: { "content-type": "text/plain" } }), "unsupported-media-type");
  assert.equal(await send({ payload: { orderId: "x".repeat(5_000) } }), "body-too-large");
  assert.equal(await send({ payload: { orderId }, headers: { authorization: "Bearer x" } }), "token-invalid");
  assert.equal(await send({ method: "PUT", payload: { orderId } }), "method-not-allowed");
  assert.equal(stores.payCalls.length, 0);
  const read = await app.inject({ method: "GET", url: "/v1/payments/x", headers: bearer("alice") });
  assert.deepEqual(fieldsIn(read), ["paymentId"]);
});

test("payment: goes into the next transaction with all that wait while one is in flight", async () => {
  const { openOrder, pay, stores } = shopApi({ paymentLanes: 1 });
  const gate = Promise.withResolvers<void>();
  stores.trouble.until = gate.promise;
  const all = Array.from({ length: 30 }, (_, n) => pay(`user-${n}`, openOrder(`user-${n}`)));
  while (stores.payCalls.length === 0) await settled();
  await settled();
  gate.resolve();
  for (const response of await Promise.all(all)) assert.equal(response.statusCode, 201);
  assert.ok(stores.payCalls.length <= 3, String(stores.payCalls.length));
});

test("payment: is made by the other lane when one is stuck, and waits behind none of it", async () => {
  const { openOrder, pay, stores } = shopApi();
  const { payments } = stores.ports;
  const { pay: payNow } = payments;
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  payments.pay = async (asks) => {
    calls += 1;
    // The others take their time too, so that some wait.
    await (calls === 1 ? gate.promise : settled());
    return payNow(asks);
  };
  const stuck = pay("unlucky", openOrder("unlucky"));
  while (calls === 0) await settled();
  for (let burst = 0; burst < 5; burst++) {
    const others = Array.from({ length: 10 }, (_, n) => pay(`user-${n}`, openOrder(`user-${n}`)));
    for (const response of await Promise.all(others)) assert.equal(response.statusCode, 201);
  }
  gate.resolve();
  assert.equal((await stuck).statusCode, 201);
});

test("payment: is answered when the API closes while it is in flight, and keeps it open no longer", {
  timeout: 10_000,
}, async () => {
  const { app, bearer, openOrder, stores } = shopApi();
  const gate = Promise.withResolvers<void>();
  stores.trouble.until = gate.promise;
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  // This client keeps its connection, as most do.
  const paying = fetch(`${url}/v1/payments`, {
    method: "POST",
    headers: { ...bearer("alice"), "content-type": "application/json", "idempotency-key": "k" },
    body: JSON.stringify({ orderId: openOrder("alice") }),
  });
  while (stores.payCalls.length === 0) await settled();
  const closed = app.close();
  await settled();
  gate.resolve();
  const answer = await paying;
  assert.deepEqual([answer.status, answer.headers.get("connection")], [201, "close"]);
  await answer.text();
  await closed;
});

test("payment: is turned away when too many wait", async () => {
  const { openOrder, pay, stores, seen } = shopApi({ maxWaitingPayments: 2 });
  const gate = Promise.withResolvers<void>();
  stores.trouble.until = gate.promise;
  const waiting = [pay("a", openOrder("a")), pay("b", openOrder("b"))];
  while (stores.payCalls.length < 2) await settled();
  const turnedAway = await pay("c", openOrder("c"));
  assert.deepEqual([problemName(turnedAway), turnedAway.headers["retry-after"]], ["overloaded", "1"]);
  gate.resolve();
  for (const response of await Promise.all(waiting)) assert.equal(response.statusCode, 201);
  assert.deepEqual(seen.turnedAway, ["overloaded"]);
});

/** Lets the clock run until the promise is settled. */
const running = async <T>({ clock }: ReturnType<typeof shopApi>, work: Promise<T>): Promise<T> => {
  let done = false;
  const noted = work.finally(() => {
    done = true;
  });
  for (let turn = 0; turn < 1_000 && !done; turn++) {
    await settled();
    clock.advance(20);
  }
  return noted;
};

test("payment: is asked for again while the database is away, and made once when it is back", async () => {
  const api = shopApi();
  api.stores.trouble.error = new Unavailable("database", "gone");
  const paying = running(api, api.pay("alice", api.openOrder("alice")));
  while (api.stores.payCalls.length < 3) await settled();
  api.stores.trouble.error = undefined;
  const response = await paying;
  assert.equal(response.statusCode, 201);
  const ids = new Set(api.stores.payCalls.flat().map(({ paymentId }: PaymentAsk) => paymentId));
  assert.equal(ids.size, 1);
  assert.equal(api.shop.balances.get("alice" as UserId), 90_000);
});

test("payment: is unavailable, and never made later, when the database stays away", async () => {
  const api = shopApi({ acknowledgeTimeoutMs: 500 });
  api.stores.trouble.error = new Unavailable("database", "gone");
  const response = await running(api, api.pay("alice", api.openOrder("alice")));
  assert.deepEqual([problemName(response), response.headers["retry-after"]], ["unavailable", "1"]);
  api.stores.trouble.error = undefined;
  for (let turn = 0; turn < 50; turn++) {
    api.clock.advance(100);
    await settled();
  }
  assert.equal(api.shop.payments.size, 0);
  assert.equal(api.clock.timers(), 0);
});

test("payment: has an unknown outcome when a commit was in doubt to the end, or no answer came", async () => {
  const api = shopApi({ acknowledgeTimeoutMs: 500 });
  api.stores.trouble.error = new PaymentInDoubt({ cause: new Error("cut") });
  assert.equal(problemName(await running(api, api.pay("alice", api.openOrder("alice")))), "outcome-unknown");
  api.stores.trouble.error = undefined;
  const gate = Promise.withResolvers<void>();
  api.stores.trouble.until = gate.promise;
  const key = { "idempotency-key": "k" };
  const orderId = api.openOrder("bob");
  const silent = await running(api, api.pay("bob", orderId, key));
  assert.deepEqual([problemName(silent), silent.headers["retry-after"]], ["outcome-unknown", "1"]);
  // It was made after all, behind the client's back: the same key finds it.
  gate.resolve();
  assert.equal((await api.pay("bob", orderId, key)).statusCode, 200);
  assert.equal(api.shop.balances.get("bob" as UserId), 90_000);
});

test("payment: asks again when a commit is in doubt and the next attempt meets a lock", async () => {
  const api = shopApi();
  const orderId = api.openOrder("alice");
  const { payments } = api.stores.ports;
  const { pay } = payments;
  const attempts: PaymentAsk[] = [];
  payments.pay = async (asks) => {
    attempts.push(...asks);
    if (attempts.length === 2) throw new Contended("LOCK_WAIT_TIMEOUT", "locked");
    const answers = await pay(asks);
    if (attempts.length === 1) throw new PaymentInDoubt({ cause: new Error("cut") });
    return answers;
  };
  const reply = await running(api, api.pay("alice", orderId));
  assert.equal(reply.statusCode, 201);
  assert.deepEqual([attempts.length, new Set(attempts.map(({ paymentId }) => paymentId)).size], [3, 1]);
});

test("payment: has an unknown outcome when a commit was in doubt and locks are in the way to the end", async () => {
  const api = shopApi({ acknowledgeTimeoutMs: 500 });
  const { payments } = api.stores.ports;
  let attempts = 0;
  payments.pay = async () => {
    attempts += 1;
    throw attempts === 1 ? new PaymentInDoubt({ cause: new Error("cut") }) : new Retriable("DEADLOCK", "deadlock");
  };
  assert.equal(problemName(await running(api, api.pay("alice", api.openOrder("alice")))), "outcome-unknown");
});

test("payment: fails by itself when one of several is in the way of a lock", async () => {
  const api = shopApi({ paymentLanes: 1 });
  const { payments } = api.stores.ports;
  const bad = api.openOrder("mallory");
  const { pay } = payments;
  payments.pay = async (asks) => {
    if (asks.some(({ orderId }) => orderId === bad)) throw new Contended("LOCK_WAIT_TIMEOUT", "locked");
    return pay(asks);
  };
  const gate = Promise.withResolvers<void>();
  api.stores.trouble.until = gate.promise;
  const first = api.pay("first", api.openOrder("first"));
  while (api.stores.payCalls.length === 0) await settled();
  const others = [api.pay("a", api.openOrder("a")), api.pay("mallory", bad), api.pay("b", api.openOrder("b"))];
  await settled();
  gate.resolve();
  assert.equal((await first).statusCode, 201);
  assert.deepEqual(
    (await Promise.all(others)).map(({ statusCode }) => statusCode),
    [201, 503, 201],
  );
});

test("payment: is answered as soon as it is made, when others of its transaction have to ask again for longer", async () => {
  const api = shopApi({ paymentLanes: 1, acknowledgeTimeoutMs: 500 });
  const { payments } = api.stores.ports;
  const { pay } = payments;
  const slow = api.openOrder("mallory");
  payments.pay = async (asks) => {
    if (asks.length > 1) throw new Retriable("DEADLOCK", "deadlock");
    if (asks.some(({ orderId }) => orderId === slow)) throw new Unavailable("database", "gone");
    return pay(asks);
  };
  const gate = Promise.withResolvers<void>();
  api.stores.trouble.until = gate.promise;
  const first = api.pay("alice", api.openOrder("alice"));
  await settled();
  const others = Promise.all([api.pay("mallory", slow), api.pay("bob", api.openOrder("bob"))]);
  await settled();
  gate.resolve();
  api.stores.trouble.until = undefined;
  assert.equal((await first).statusCode, 201);
  const [stuck, paid] = await running(api, others);
  assert.deepEqual([problemName(stuck), paid.statusCode], ["unavailable", 201]);
});

test("payment: is a 503 when the database is away for a read", async () => {
  const api = shopApi();
  api.stores.trouble.error = new Unavailable("database", "gone");
  assert.equal(problemName(await api.readPayment("alice", v7())), "unavailable");
});
