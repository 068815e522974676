/** What payments do when the real database hangs, is cut off, or has another session in the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Contended, Unavailable } from "../../../engine/errors.ts";
import { type OptionId, type Order, PaymentInDoubt } from "../../../processors/payments/payment-ports.ts";
import type { UserId } from "../../../schemas/coupon.ts";
import { commitCuts, databaseBehindProxy } from "../testing/database-behind-proxy.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "../../testing/payment-samples.ts";
import { aUserId, many } from "../../../processors/testing/samples.ts";
import { closedPort } from "../../testing/tcp-proxy.ts";
import { hexOf } from "../../ids.ts";
import { orderRegister } from "./order-register.ts";
import { paymentBook } from "./payment-book.ts";
import { paymentTables } from "../testing/payment-tables.ts";
import { inTransaction, type Session } from "../session.ts";
import { numberColumns } from "../testing/number-of.ts";

const { database, proxy, using, cutCommit } = await databaseBehindProxy();
const register = orderRegister(database);
const { look } = paymentTables(database);

/** A user with 100,000 won and an order of one unit of ten, for 10,000. */
const aShop = async (): Promise<{ order: Order; optionId: OptionId; userId: UserId }> => {
  const [optionId, userId] = [anOptionId(), aUserId()];
  await register.addOptions([{ optionId, stock: 10 }]);
  await register.openAccounts([{ userId, amount: won(100_000) }]);
  const order = anOrder([anItem(optionId)], { userId });
  await register.openOrders([order]);
  return { order, optionId, userId };
};

const isUnavailable = (error: unknown) => error instanceof Unavailable && !(error instanceof PaymentInDoubt);

for (const [when, direction] of commitCuts) {
  test(`mysql payments: are in doubt, and known by asking again, when COMMIT is cut off ${when}`, async () => {
    const { order, optionId, userId } = await aShop();
    const ask = anAsk(order);
    await using({ databaseUrl: proxy.url }, async (mine) => {
      const book = paymentBook(mine);
      const committing = cutCommit(direction);
      await assert.rejects(book.pay([ask]), PaymentInDoubt);
      assert.ok(committing());
      proxy.heal();
      assert.equal(await look.outboxRows(ask.paymentId), direction === "onReply" ? 1 : 0);
      const [answer] = await book.pay([ask]);
      assert.equal(answer?.kind, "paid");
    });
    assert.equal(await look.outboxRows(ask.paymentId), 1);
    assert.equal(await look.balance(userId), 90_000);
    assert.equal(await look.left(optionId), 9);
  });
}

test("mysql payments: leave everything as it was when the connection is cut at any statement before the COMMIT", async () => {
  const { order, optionId, userId } = await aShop();
  const ask = anAsk(order);
  await using({ databaseUrl: proxy.url, poolMax: 1 }, async (mine) => {
    const book = paymentBook(mine);
    // Opens and settles the connection, and has the server prepare nothing yet.
    await book.find([ask.paymentId]);
    let cuts = 0;
    for (let survives = 0; ; survives += 1) {
      let requests = 0;
      proxy.onRequest = (bytes) => {
        if (bytes.includes("\x03COMMIT")) return "pass";
        requests += 1;
        return requests > survives ? "cut" : "pass";
      };
      const outcome = await book.pay([ask]).then(
        ([answer]) => answer,
        (error: unknown) => error,
      );
      if (!(outcome instanceof Error)) break;
      assert.ok(isUnavailable(outcome), String(outcome));
      cuts += 1;
      proxy.heal();
      assert.equal(await look.isPaid(order.orderId), false, `after ${survives} requests`);
      assert.equal(await look.left(optionId), 10);
      assert.equal(await look.balance(userId), 100_000);
    }
    // Twelve statements, each prepared first, and the settling of each new connection.
    assert.ok(cuts >= 12, String(cuts));
  });
  assert.equal(await look.outboxRows(ask.paymentId), 1);
});

const lockBalance = "SELECT balance AS n FROM user_balance WHERE user_id = ? FOR UPDATE";
const raiseDeposit = "UPDATE user_balance SET deposited = deposited + 1 WHERE user_id = ?";
const lockOrder = "SELECT status AS n FROM customer_order WHERE order_id = UNHEX(?) FOR UPDATE";
const lock = ({ select }: Session, userId: UserId) => select(numberColumns, lockBalance, [Buffer.from(userId)]);

test("mysql payments: are held, named as locked, and change nothing when a lock is not given up", async () => {
  const { order, optionId, userId } = await aShop();
  await using({ lockWaitTimeoutSeconds: 1 }, async (mine) => {
    await inTransaction(database, async (session) => {
      await lock(session, userId);
      await assert.rejects(
        paymentBook(mine).pay([anAsk(order)]),
        (error) => error instanceof Contended && error.code === "LOCK_WAIT_TIMEOUT",
      );
    });
  });
  assert.equal(await look.isPaid(order.orderId), false);
  assert.equal(await look.left(optionId), 10);
});

test("mysql payments: are made all the same when their transaction was a deadlock's victim", async () => {
  const { order, userId } = await aShop();
  const ballast = many(40, aUserId);
  await register.openAccounts(ballast.map((each) => ({ userId: each, amount: won(1) })));
  const { paying } = await inTransaction(database, async (session) => {
    // The heavier transaction survives, so this one writes something first.
    for (const each of [userId, ...ballast]) await session.change(raiseDeposit, [Buffer.from(each)]);
    const pending = paymentBook(database).pay([anAsk(order)]);
    // Waits for the payment to hold the order, which is before it asks for the balance.
    const held = "SELECT status AS n FROM customer_order WHERE order_id = UNHEX(?) FOR UPDATE NOWAIT";
    for (let free = true; free; ) {
      free = await inTransaction(database, ({ select }) => select(numberColumns, held, [hexOf(order.orderId)])).then(
        () => true,
        () => false,
      );
    }
    await session.select(numberColumns, lockOrder, [hexOf(order.orderId)]);
    return { paying: pending };
  });
  assert.deepEqual(
    (await paying).map(({ kind }) => kind),
    ["paid"],
  );
});

test("mysql payments: refuse one of two orders that use one key at once", async () => {
  for (let round = 0; round < 20; round++) {
    const shops = [await aShop(), await aShop()];
    const userId = shops[0]?.userId ?? aUserId();
    const orders = shops.map(({ optionId }) => anOrder([anItem(optionId)], { userId }));
    await register.openOrders(orders);
    const asks = orders.map((order) => anAsk(order, { key: "same" }));
    const answers = (await Promise.all(asks.map((ask) => paymentBook(database).pay([ask])))).flat();
    assert.deepEqual(answers.map(({ kind }) => kind).sort(), ["mismatch", "paid"]);
    assert.equal(await look.balance(userId), 90_000);
  }
});

test("mysql payments: are unavailable, not in doubt, when nothing listens", async () => {
  const { order } = await aShop();
  await using({ databaseUrl: `mysql://u:p@127.0.0.1:${await closedPort()}/s` }, async (mine) => {
    const book = paymentBook(mine);
    await assert.rejects(book.pay(many(2, () => anAsk(order))), isUnavailable);
    await assert.rejects(book.find([anAsk(order).paymentId]), isUnavailable);
    await assert.rejects(orderRegister(mine).openOrders([order]), isUnavailable);
  });
});
