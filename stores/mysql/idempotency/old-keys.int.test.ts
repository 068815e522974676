/** Forgetting keys of the real database: what a forgotten key means, who waits for whom, and by which index. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserId } from "../../../schemas/coupon.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { aClaim } from "../../testing/idempotency-keys.ts";
import { agedMs, longAgoMs, oldKeysContract } from "../../testing/old-keys.ts";
import { anAsk, anItem, anOptionId, anOrder, aPaymentId, won } from "../../testing/payment-samples.ts";
import { aReservationId, aUserId, many } from "../../../processors/testing/samples.ts";
import { idempotencyKeys } from "./idempotency-keys.ts";
import { oldCouponKeys, oldPaymentKeys } from "./old-keys.ts";
import { orderRegister } from "../payments/order-register.ts";
import { paymentBook } from "../payments/payment-book.ts";
import { insertBound, type KeyRow } from "../payments/payment-statements.ts";
import { inTransaction, withSession } from "../session.ts";
import { numberColumns, numberOf } from "../testing/number-of.ts";

const { database } = databaseUnderTest();
const register = orderRegister(database);
const book = paymentBook(database);
const claims = idempotencyKeys(database);

const agePayments = "UPDATE payment_key SET created_at = created_at - ? WHERE user_id = ?";
const ageCoupons = "UPDATE idempotency_key SET created_at = created_at - ? WHERE user_id = ?";
const countPayments = "SELECT COUNT(*) AS n FROM payment_key WHERE user_id = ?";
const countCoupons = "SELECT COUNT(*) AS n FROM idempotency_key WHERE user_id = ?";

const age = async (sql: string, userId: UserId): Promise<void> => {
  await withSession(database, ({ change }) => change(sql, [agedMs, Buffer.from(userId)]));
};
const count = (sql: string, userId: UserId): Promise<number> => numberOf(database, sql, [Buffer.from(userId)]);

/** Orders of one user, with money and stock for all of them. */
const ordersOf = async (userId: UserId, number: number) => {
  const optionId = anOptionId();
  await register.addOptions([{ optionId, stock: number }]);
  await register.openAccounts([{ userId, amount: won(10_000 * number) }]);
  const orders = many(number, () => anOrder([anItem(optionId)], { userId }));
  await register.openOrders(orders);
  return orders;
};

const payAll = async (userId: UserId, number: number) => {
  const asks = (await ordersOf(userId, number)).map((order) => anAsk(order));
  for (const { kind } of await book.pay(asks)) assert.equal(kind, "paid");
  return asks;
};

oldKeysContract("mysql payment keys", () => ({
  keys: oldPaymentKeys(database),
  use: async (userId, number) => {
    await payAll(userId, number);
  },
  age: (userId) => age(agePayments, userId),
  remembered: (userId) => count(countPayments, userId),
}));

oldKeysContract("mysql coupon keys", () => ({
  keys: oldCouponKeys(database),
  use: async (userId, number) => {
    await claims.claim(many(number, (at) => aClaim({ userId, key: `key-${at}` })));
  },
  age: (userId) => age(ageCoupons, userId),
  remembered: (userId) => count(countCoupons, userId),
}));

test("mysql payment keys: a key that was forgotten finds its order paid, and pays another one", async () => {
  const userId = aUserId();
  const [ask] = await payAll(userId, 1);
  assert.ok(ask);
  await age(agePayments, userId);
  await oldPaymentKeys(database).prune(longAgoMs, 1_000);
  const again = { ...ask, paymentId: aPaymentId() };
  assert.deepEqual(await book.pay([again]), [{ kind: "orderNotPayable", why: "paid" }]);
  const rich = aUserId();
  const [first, second] = await ordersOf(rich, 2);
  assert.ok(first && second);
  await book.pay([anAsk(first, { key: "k" })]);
  const other = anAsk(second, { key: "k" });
  assert.deepEqual(await book.pay([other]), [{ kind: "mismatch" }]);
  await age(agePayments, rich);
  await oldPaymentKeys(database).prune(longAgoMs, 1_000);
  assert.deepEqual(
    (await book.pay([other])).map(({ kind }) => kind),
    ["paid"],
  );
});

test("mysql coupon keys: a key that was forgotten is bound to a new reservation", async () => {
  const claim = aClaim();
  await claims.claim([claim]);
  await age(ageCoupons, claim.userId);
  await oldCouponKeys(database).prune(longAgoMs, 1_000);
  const retry = { ...claim, reservationId: aReservationId() };
  assert.deepEqual(await claims.claim([retry]), [{ kind: "bound", reservationId: retry.reservationId }]);
});

/** Written in this order: the newest user first, as no index has them. */
const keyRows = (userId: UserId, number: number): readonly KeyRow[] =>
  many(number, (at) => ({
    userId,
    keyHash: Buffer.alloc(32, at),
    fingerprint: Buffer.alloc(32, 1),
    paymentId: aPaymentId(),
  })).toReversed();

test("mysql payment keys: are forgotten beside payments that use new keys and the same ones, in any order, without a deadlock", async () => {
  const userIds = many(6, aUserId);
  const keys = oldPaymentKeys(database);
  let [forgetting, forgotten] = [true, 0];
  const pruning = many(2, async () => {
    while (forgetting) forgotten += await keys.prune(longAgoMs, 7);
  });
  const tries = await Promise.all(
    userIds.map(async (userId) => {
      let [transactions, attempts] = [0, 0];
      for (let round = 0; round < 60; round++) {
        await age(agePayments, userId);
        transactions += 1;
        await inTransaction(database, async (session) => {
          attempts += 1;
          await insertBound(session, keyRows(userId, 20));
        });
      }
      return attempts - transactions;
    }),
  );
  forgetting = false;
  await Promise.all(pruning);
  // For the tests that follow.
  while ((await keys.prune(longAgoMs, 1_000)) > 0);
  assert.deepEqual(
    tries,
    many(6, () => 0),
  );
  assert.ok(forgotten > 100, String(forgotten));
});

test("mysql payment keys: a key that another session holds is left, and not waited for", async () => {
  const [held, free] = [aUserId(), aUserId()];
  for (const userId of [held, free]) await payAll(userId, 3);
  for (const userId of [held, free]) await age(agePayments, userId);
  const hold = "SELECT 1 AS n FROM payment_key WHERE user_id = ? FOR UPDATE";
  await inTransaction(database, async ({ select }) => {
    await select(numberColumns, hold, [Buffer.from(held)]);
    assert.equal(await oldPaymentKeys(database).prune(longAgoMs, 1_000), 3);
  });
  assert.deepEqual([await count(countPayments, held), await count(countPayments, free)], [3, 0]);
  assert.equal(await oldPaymentKeys(database).prune(longAgoMs, 1_000), 3);
});
