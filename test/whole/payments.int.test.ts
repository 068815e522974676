/** Paying on the real stack: API and relays as processes that are killed, clients that ask until they are answered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mintToken } from "../../api/tokens/token.ts";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import { sluice } from "../../dev/run-sluice.ts";
import type { StackChild } from "../../dev/children.ts";
import { readPayments } from "../testing/read-payments.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";
import type { Order } from "../../processors/payments/payment-ports.ts";
import { anItem, anOptionId, anOrder, won } from "../../stores/testing/payment-samples.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { paymentTables } from "../../stores/mysql/testing/payment-tables.ts";

const stack = stackUnderTest({ ownsOutbox: true });
const { config, database } = stack;
const register = orderRegister(database);
const { look } = paymentTables(database);
let started = 0;

const start = (command: "api" | "relay"): Promise<StackChild> =>
  stack.start({ command, name: `pay-${command}-${started++}` });

/** Ten users with exactly what their orders cost, and exactly the stock they need. */
const openShop = async (count: number) => {
  const [optionId, userIds] = [anOptionId(), many(10, aUserId)];
  await register.addOptions([{ optionId, stock: count }]);
  await register.openAccounts(userIds.map((userId) => ({ userId, amount: won((10_000 * count) / 10) })));
  const orders = many(count, (at) => anOrder([anItem(optionId)], { userId: userIds[at % 10] ?? aUserId() }));
  await register.openOrders(orders);
  return { optionId, userIds, orders };
};

/** Asks until it is answered, with one key; answers the payment's id. */
const payUntilAnswered = async (urlNow: () => string, { orderId, userId }: Order): Promise<string> => {
  const headers = {
    authorization: `Bearer ${mintToken({ secret: config.tokenSecret, userId, ttlMs: 600_000, now: Date.now() })}`,
    "content-type": "application/json",
    "idempotency-key": `key-${orderId}`,
  };
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const response = await fetch(`${urlNow()}/v1/payments`, {
      method: "POST",
      headers,
      body: JSON.stringify({ orderId }),
    }).catch(() => undefined);
    const text = await response?.text().catch(() => undefined);
    if (response?.ok && text !== undefined) return String(JSON.parse(text).paymentId);
    if (response !== undefined) assert.ok(response.status >= 500, `${response.status} ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`order ${orderId} was not paid within 60 s`);
};

test("payments: each order is paid once and published when API and relays are killed again and again", async () => {
  const { optionId, userIds, orders } = await openShop(600);
  let api = await start("api");
  let relays = [await start("relay"), await start("relay")];
  const left = orders.values();
  const paid = new Map<string, string>();
  const client = async (): Promise<void> => {
    for (const order of left) paid.set(order.orderId, await payUntilAnswered(() => api.url, order));
  };
  const clients = many(16, client);
  for (const share of [100, 250, 400]) {
    while (paid.size < share) await new Promise((resolve) => setTimeout(resolve, 5));
    const [leader, heir] = relays;
    for (const { child } of [api, ...(leader ? [leader] : [])]) child.signal("SIGKILL");
    api = await start("api");
    relays = [...(heir ? [heir] : []), await start("relay")];
  }
  await Promise.all(clients);
  const ids = new Set(paid.values());
  assert.equal(ids.size, 600);
  assert.equal(await look.left(optionId), 0);
  for (const userId of userIds) assert.equal(await look.balance(userId), 0);
  const publishedOf = async (): Promise<ReadonlySet<string>> =>
    new Set((await readPayments(config)).map(({ paymentId }) => paymentId)).intersection(ids);
  await until("all 600 payments are published", async () => (await publishedOf()).size === 600, 30_000);
});

interface Told {
  readonly subject: { readonly kind: string; readonly id: string };
  readonly moments: readonly { readonly what: string; readonly text: string; readonly from: string }[];
  readonly contradictions: readonly string[];
  readonly pending: readonly string[];
}

/** `sluice story <id> --json`: its exit code and its story. */
const story = async (...args: readonly string[]): Promise<readonly [number | null, Told]> => {
  const { exitCode, document, stderr } = await sluice(endpointsEnv(stack.endpoints), "story", ...args);
  assert.ok(document?.data, stderr);
  // Written by the command itself.
  return [exitCode, document.data as Told];
};

test("story: tells a payment by its id, its order's and its record's place, and what has not come to it yet", async () => {
  const { orders } = await openShop(10);
  const [paid, unpaid] = orders;
  assert.ok(paid !== undefined && unpaid !== undefined);
  const api = await start("api");
  await start("relay");
  const paymentId = await payUntilAnswered(() => api.url, paid);
  await until("it is published", async () =>
    (await story(paymentId))[1].moments.some(({ what }) => what === "published"),
  );
  const [exitCode, told] = await story(paymentId);
  assert.equal(exitCode, 3);
  assert.deepEqual(told.moments.map(({ what }) => what).sort(), ["order", "outbox", "paid", "published"]);
  assert.deepEqual(told.contradictions, []);
  assert.deepEqual(told.pending, [
    "transaction-history has not come to it yet",
    "external-data has not come to it yet",
  ]);
  const place = told.moments.find(({ what }) => what === "published")?.from ?? "";
  assert.deepEqual((await story(place))[1], told);
  const [, ofOrder] = await story(paid.orderId);
  assert.deepEqual([ofOrder.subject.kind, ofOrder.moments], ["order", told.moments]);
  const [, ofUser] = await story(paid.userId, "--as", "user");
  assert.deepEqual(
    ofUser.moments.map(({ what }) => what),
    ["balance", "paid"],
  );
  assert.match(ofUser.moments[1]?.text ?? "", new RegExp(`^10,000 won by ${paymentId} for order ${paid.orderId}$`));
  const [, ofUnpaid] = await story(unpaid.orderId);
  assert.deepEqual([ofUnpaid.moments.length, ofUnpaid.pending], [1, ["it is not paid yet"]]);
});
