/** The API as a process, on a wire to its database that swallows bytes; stopped, and left by its clients, while it pays. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { mintToken } from "../../api/tokens/token.ts";
import type { StackChild } from "../../dev/children.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";
import type { OptionId, Order } from "../../processors/payments/payment-ports.ts";
import { anItem, anOptionId, anOrder, won } from "../../stores/testing/payment-samples.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";
import { type TcpProxy, tcpProxy } from "../../stores/testing/tcp-proxy.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { paymentTables } from "../../stores/mysql/testing/payment-tables.ts";
import { inTransaction } from "../../stores/mysql/session.ts";
import { numberColumns, numberOf } from "../../stores/mysql/testing/number-of.ts";

const stack = stackUnderTest();
const { config, database } = stack;
const register = orderRegister(database);
const { look } = paymentTables(database);
let proxy: TcpProxy;
let started = 0;

const startApi = (): Promise<StackChild> => {
  const endpoints = { ...stack.endpoints, databaseUrl: proxy.url };
  return stack.start({ command: "api", name: `doubt-api-${started++}`, endpoints });
};

before(async () => {
  proxy = await tcpProxy(config.databaseUrl);
});
beforeEach(() => proxy.heal());
after(async () => {
  await stack.stopAll();
  await proxy.close();
});

const openShop = async (count: number) => {
  const optionId = anOptionId();
  await register.addOptions([{ optionId, stock: count }]);
  const orders = many(count, () => anOrder([anItem(optionId)], { userId: aUserId() }));
  await register.openAccounts(orders.map(({ userId }) => ({ userId, amount: won(10_000) })));
  await register.openOrders(orders);
  return { optionId, orders };
};

const pay = (url: string, { orderId, userId }: Order, leaves?: AbortSignal): Promise<Response> =>
  fetch(`${url}/v1/payments`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${mintToken({ secret: config.tokenSecret, userId, ttlMs: 600_000, now: Date.now() })}`,
      "content-type": "application/json",
      "idempotency-key": `key-${orderId}`,
    },
    body: JSON.stringify({ orderId }),
    ...(leaves === undefined ? {} : { signal: leaves }),
  });

const lockOption = "SELECT remaining AS n FROM product_option WHERE option_id = ? FOR UPDATE";
// Longer than any that waits for nothing. A user may see the statements of its own, and this one is among them.
const waits = `SELECT COUNT(*) AS n FROM information_schema.processlist
  WHERE id <> CONNECTION_ID() AND time_ms > 100 AND info LIKE '%JOIN product_option%FOR UPDATE'`;

/** Runs `work` while another session holds an option, once a payment waits for it. */
const whileHeld = async (optionId: OptionId, begin: () => void, work: () => Promise<void>): Promise<void> => {
  await inTransaction(database, async ({ select }) => {
    await select(numberColumns, lockOption, [Buffer.from(optionId)]);
    begin();
    await until("a payment waits for the option", async () => (await numberOf(database, waits)) > 0);
    await work();
  });
};

test("payments: are made before their deadline when a connection to the database swallows what is sent", async () => {
  const { orders, optionId } = await openShop(40);
  const api = await startApi();
  let swallowed = 0;
  proxy.onRequest = (bytes) => {
    if (swallowed === 2 || !bytes.includes("\x03START TRANSACTION")) return "pass";
    swallowed += 1;
    return "silence";
  };
  const answers = await Promise.all(orders.map((order) => pay(api.url, order)));
  assert.equal(swallowed, 2);
  for (const answer of answers) assert.equal(answer.status, 201, await answer.text());
  assert.equal(await look.left(optionId), 0);
});

test("payments: are answered when the API gets SIGTERM while they are in flight, and it ends well", async () => {
  const { orders, optionId } = await openShop(20);
  const api = await startApi();
  let paying: Promise<readonly Response[]> = Promise.resolve([]);
  await whileHeld(
    optionId,
    () => {
      paying = Promise.all(orders.map((order) => pay(api.url, order)));
    },
    async () => void api.child.signal("SIGTERM"),
  );
  for (const answer of await paying) assert.equal(answer.status, 201, await answer.text());
  assert.equal(await api.child.ended, "exit code 0");
  assert.equal(await look.left(optionId), 0);
});

test("payments: are made, and found by their key, when the client leaves while they are in flight", async () => {
  const { orders, optionId } = await openShop(1);
  const [order] = orders;
  assert.ok(order);
  const api = await startApi();
  const leaving = new AbortController();
  let asked: Promise<Response | string> = Promise.resolve("not asked");
  await whileHeld(
    optionId,
    () => {
      asked = pay(api.url, order, leaving.signal).catch(() => "left");
    },
    async () => leaving.abort(),
  );
  assert.equal(await asked, "left");
  await until("it is paid", () => look.isPaid(order.orderId));
  assert.equal((await pay(api.url, order)).status, 200);
  assert.equal(await look.left(optionId), 0);
});
