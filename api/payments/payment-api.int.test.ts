// Paying by HTTP on a real database behind a wire that is cut: one payment, and the right answer at once.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { v7 } from "uuid";
import { anItem, anOptionId, anOrder, won } from "../../stores/testing/payment-samples.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";
import { commitCuts, databaseBehindProxy } from "../../stores/mysql/testing/database-behind-proxy.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { paymentBook } from "../../stores/mysql/payments/payment-book.ts";
import { paymentTables } from "../../stores/mysql/testing/payment-tables.ts";
import { fakeStores } from "../testing/testing.ts";
import { apiInRealTime, bearerOf } from "../testing/testing-api.ts";

const { database, proxy } = await databaseBehindProxy();
const register = orderRegister(database);
const { look } = paymentTables(database);
const behind = openDatabase({ databaseUrl: proxy.url, connectTimeoutMs: 500 });
const app = apiInRealTime({ ports: { ...fakeStores().ports, payments: paymentBook(behind) } });
after(async () => {
  await app.close();
  await behind.close();
});

const pay = (userId: string, orderId: string, key: string) =>
  app.inject({
    method: "POST",
    url: "/v1/payments",
    headers: {
      authorization: bearerOf(userId),
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

for (const [when, direction] of commitCuts) {
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
