/** Paying on the real stack: API and relays as processes that are killed, clients that ask until they are answered. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mintToken } from "../../api/tokens/token.ts";
import { applyApp } from "../../engine/app/apply.ts";
import { app } from "../../sluice.config.ts";
import { type Child, startOnStack } from "../../dev/children.ts";
import { readConfig } from "../../ops/config.ts";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import type { Order } from "../../processors/payments/payment-ports.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";
import { confluentRegistry } from "../../engine/avro/registry.ts";
import { anItem, anOptionId, anOrder, won } from "../../stores/testing/payment-samples.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { outboxToOneself } from "../../stores/mysql/testing/outbox-alone.ts";
import { paymentTables } from "../../stores/mysql/testing/payment-tables.ts";

const stackName = process.env["SLUICE_TEST_STACK"];
assert.ok(stackName !== undefined, "run this with: npm test -- test/whole/payments.int.test.ts");
const endpoints = {
  brokers: (process.env["SLUICE_BROKERS"] ?? "").split(","),
  registryUrl: process.env["SLUICE_REGISTRY_URL"] ?? "",
  databaseUrl: process.env["SLUICE_DATABASE_URL"] ?? "",
  redisUrl: process.env["SLUICE_REDIS_URL"] ?? "",
};
const config = readConfig(endpointsEnv(endpoints), () => "");
const signal = new AbortController().signal;
const database = openDatabase({ databaseUrl: config.databaseUrl });
const register = orderRegister(database);
const { look } = paymentTables(database);
const running = new Set<Child>();
let giveBack: () => Promise<void>;

const start = async (command: "api" | "relay"): Promise<{ readonly child: Child; readonly url: string }> => {
  const started = await startOnStack({ stackName, endpoints, command, name: `pay-${command}-${running.size}`, signal });
  running.add(started.child);
  return started;
};

before(async () => {
  await applyApp(app, config);
  giveBack = await outboxToOneself(config.databaseUrl);
});
after(async () => {
  await Promise.all([...running].map(({ stop }) => stop()));
  await giveBack();
  await database.close();
});

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

/** The payments of these ids in the topic, each as often as it is there. */
const toldOf = async (ids: ReadonlySet<string>): Promise<readonly string[]> => {
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "pay-test" });
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  const decoder = codec.decoder(paymentsCompleted);
  const told: string[] = [];
  try {
    await admin.readTopic(paymentsCompleted.name, async (_partition, records) => {
      for (const { value } of records) {
        let decoded = decoder.decode(value);
        if (decoded.kind === "unknownSchema") {
          await decoder.learn(decoded.id);
          decoded = decoder.decode(value);
        }
        if (decoded.kind === "value" && ids.has(decoded.value.paymentId)) told.push(decoded.value.paymentId);
      }
    });
  } finally {
    await admin.close();
  }
  return told;
};

test("payments: each order is paid once and told when API and relays are killed again and again", async () => {
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
    for (const { child } of [api, ...(leader ? [leader] : [])]) {
      process.kill(child.pid, "SIGKILL");
      running.delete(child);
    }
    api = await start("api");
    relays = [...(heir ? [heir] : []), await start("relay")];
  }
  await Promise.all(clients);
  const ids = new Set(paid.values());
  assert.equal(ids.size, 600);
  assert.equal(await look.left(optionId), 0);
  for (const userId of userIds) assert.equal(await look.balance(userId), 0);
  for (const end = Date.now() + 30_000; new Set(await toldOf(ids)).size < 600; ) {
    if (Date.now() > end) assert.fail(`${new Set(await toldOf(ids)).size} of 600 payments were told within 30 s`);
  }
});
