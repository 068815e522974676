// Paying by HTTP on a real database behind a wire that is cut: one payment, and the right answer at once.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { v7 } from "uuid";
import { databaseUrl } from "../../stores/testing/endpoints.ts";
import { anItem, anOptionId, anOrder, won } from "../../stores/testing/payment-samples.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";
import { type TcpProxy, tcpProxy } from "../../stores/testing/tcp-proxy.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { migrate } from "../../stores/mysql/migrate.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { paymentBook } from "../../stores/mysql/payments/payment-book.ts";
import { paymentTables } from "../../stores/mysql/testing/payment-tables.ts";
import { createApi } from "../api.ts";
import { machineClock } from "../http/clock.ts";
import { encodeAsJson, fakeProducer } from "../../engine/log/testing/fake-producer.ts";
import { fakeStores } from "../testing/testing.ts";
import { testSecret } from "../testing/testing-api.ts";
import { mintToken } from "../tokens/token.ts";

const url = databaseUrl();
const direct = openDatabase({ databaseUrl: url });
const register = orderRegister(direct);
const { look } = paymentTables(direct);
let proxy: TcpProxy;
let behind: ReturnType<typeof openDatabase>;
let app: ReturnType<typeof createApi>;
before(async () => {
  await migrate({ databaseUrl: url });
  proxy = await tcpProxy(url);
  behind = openDatabase({ databaseUrl: proxy.url, connectTimeoutMs: 500 });
  app = createApi({
    ports: { ...fakeStores().ports, payments: paymentBook(behind) },
    producer: fakeProducer(),
    encodeRequest: encodeAsJson,
    clock: machineClock,
    randomBytes,
    tokenSecret: testSecret,
    ready: () => ({ ok: true, why: [] }),
    log: { warn: () => {}, error: () => {} },
  });
});
beforeEach(() => proxy.heal());
after(async () => {
  await app.close();
  await behind.close();
  await proxy.close();
  await direct.close();
});

const pay = (userId: string, orderId: string, key: string) =>
  app.inject({
    method: "POST",
    url: "/v1/payments",
    headers: {
      authorization: `Bearer ${mintToken({ secret: testSecret, userId, ttlMs: 60_000, now: Date.now() })}`,
      "idempotency-key": key,
    },
    payload: { orderId },
  });

const shops = async (count: number) => {
  const optionId = anOptionId();
  await register.addOptions([{ optionId, stock: count }]);
  const orders = many(count, () => anOrder([anItem(optionId)], { userId: aUserId() }));
  await register.openAccounts(orders.map(({ userId }) => ({ userId, amount: won(10_000) })));
  await register.openOrders(orders);
  return { optionId, orders };
};

for (const [when, direction] of [
  ["before it arrived", "onRequest"],
  ["after it took effect", "onReply"],
] as const) {
  test(`payment: is 201 once, and 200 ever after, when its COMMIT is cut off ${when}`, async () => {
    const { orders, optionId } = await shops(5);
    let cuts = 0;
    let committing = false;
    proxy.onRequest = (bytes) => {
      committing ||= cuts === 0 && bytes.includes("\x03COMMIT");
      if (!committing || direction !== "onRequest") return "pass";
      cuts += 1;
      committing = false;
      return "cut";
    };
    proxy.onReply = () => {
      if (!committing || direction !== "onReply") return "pass";
      cuts += 1;
      committing = false;
      return "cut";
    };
    const answers = await Promise.all(orders.map((order) => pay(order.userId, order.orderId, "key")));
    assert.equal(cuts, 1);
    for (const [at, { orderId, userId }] of orders.entries()) {
      const answer = answers[at];
      assert.equal(answer?.statusCode, 201, answer?.body);
      const again = await pay(userId, orderId, "key");
      assert.deepEqual([again.statusCode, again.body], [200, answer?.body]);
      assert.equal(await look.balance(userId), 0);
    }
    assert.equal(await look.left(optionId), 0);
  });
}

test("payment: waits for a database that comes back, and is made once", async () => {
  const { orders } = await shops(3);
  let refused = 0;
  proxy.onRequest = () => {
    refused += 1;
    return refused <= 6 ? "cut" : "pass";
  };
  const answers = await Promise.all(orders.map((order) => pay(order.userId, order.orderId, v7())));
  assert.ok(refused > 6);
  for (const { statusCode, body } of answers) assert.equal(statusCode, 201, body);
  for (const { userId } of orders) assert.equal(await look.balance(userId), 0);
});
