/** Payments and their register against the real database. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Poison } from "../../../engine/errors.ts";
import type { OptionId, Order, OrderItem, PaymentAsk } from "../../../processors/payments/payment-ports.ts";
import type { ReservationId, UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId } from "../../../schemas/payment.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { paymentBookContract } from "../../testing/payment-book.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "../../testing/payment-samples.ts";
import { aUserId, many } from "../../../processors/testing/samples.ts";
import { orderRegister } from "./order-register.ts";
import { paymentBook, payMaxAsks } from "./payment-book.ts";
import { paymentTables } from "../testing/payment-tables.ts";

const { database } = databaseUnderTest();

const book = paymentBook(database);
const register = orderRegister(database);
const tables = paymentTables(database);

paymentBookContract("mysql payments", () => ({ book, register, ...tables }));

test("mysql payments: pays each order once when 32 pay it at once, 200 rounds", async () => {
  const [optionId, userId] = [anOptionId(), aUserId()];
  await register.addOptions([{ optionId, stock: 200 }]);
  await register.openAccounts([{ userId, amount: won(2_000_000) }]);
  const orders = many(200, () => anOrder([anItem(optionId)], { userId }));
  await register.openOrders(orders);
  for (const [round, order] of orders.entries()) {
    // Half of them with keys of their own, the others with one of four.
    const asks = many(32, (at) => anAsk(order, at % 2 === 0 ? {} : { key: `round-${round}-${at % 8}` }));
    const answers = (await Promise.all(asks.map((ask) => book.pay([ask])))).flat();
    const paid = answers.filter(({ kind }) => kind === "paid");
    assert.equal(paid.length, 1, `round ${round}`);
    assert.ok(answers.every(({ kind }) => kind === "paid" || kind === "repeat" || kind === "orderNotPayable"));
  }
  assert.equal(await tables.look.left(optionId), 0);
  assert.equal(await tables.look.balance(userId), 0);
});

test("mysql payments: conserves stock and balances when many pay for the same few at once", async () => {
  const optionIds = many(4, anOptionId);
  const userIds = many(6, aUserId);
  await register.addOptions(optionIds.map((optionId) => ({ optionId, stock: 60 })));
  await register.openAccounts(userIds.map((userId) => ({ userId, amount: won(400_000) })));
  const orders = many(120, (at) => {
    // Each names its options in an order of its own, so that locks taken as they come would meet in a circle.
    const items = many(3, (step) => anItem(optionIds[(at * 3 + step * (at % 2 === 0 ? 1 : 3)) % 4] ?? anOptionId()));
    const distinct = [...new Map(items.map((item) => [item.optionId, item])).values()];
    return anOrder(distinct, { userId: userIds[at % 6] ?? aUserId() });
  });
  await register.openOrders(orders);
  const groups = many(24, (at) => orders.slice(at * 5, at * 5 + 5).map((order) => anAsk(order)));
  const answers = (await Promise.all(groups.map((asks) => book.pay(asks)))).flat();
  const paid = orders.filter((_, at) => answers[at]?.kind === "paid");
  assert.ok(paid.length > 60 && paid.length < 120, String(paid.length));
  for (const optionId of optionIds) {
    const sold = paid.filter(({ items }) => items.some((item) => item.optionId === optionId)).length;
    assert.equal(await tables.look.left(optionId), 60 - sold);
  }
  for (const userId of userIds) {
    const items = paid.filter((order) => order.userId === userId).flatMap((order) => order.items);
    assert.equal(await tables.look.balance(userId), 400_000 - 10_000 * items.length);
  }
});

test("mysql payments: refuses asks and orders that can't be kept, before any SQL", async () => {
  const order = anOrder([]);
  const wrong: readonly Partial<PaymentAsk>[] = [
    { orderId: "1" as OrderId },
    { userId: "" as UserId },
    { userId: "x".repeat(256) as UserId },
    { key: "" },
    { fingerprint: Buffer.alloc(31) },
  ];
  for (const changes of wrong) await assert.rejects(book.pay([anAsk(order), anAsk(order, changes)]), Poison);
  await assert.rejects(book.pay(many(payMaxAsks + 1, () => anAsk(order))), Fatal);
  const item = (changes: Partial<OrderItem>): Partial<Order> => ({ items: [anItem(anOptionId(), changes)] });
  const wrongOrders: readonly Partial<Order>[] = [
    { orderId: "1" as OrderId },
    { userId: "\ud800" as UserId },
    { coupons: ["1" as ReservationId] },
    item({ quantity: 0 }),
    item({ quantity: 10_001 }),
    item({ quantity: 1.5 }),
    item({ unitPrice: won(-1) }),
    item({ unitPrice: won(1_000_000_001) }),
    item({ optionId: "" as OptionId }),
    { items: many(101, () => anItem(anOptionId())) },
  ];
  for (const changes of wrongOrders) {
    await assert.rejects(
      register.openOrders([anOrder([], changes)]),
      (error) => error instanceof Poison && error.code === "BAD_ORDER",
      JSON.stringify(changes),
    );
  }
  await assert.rejects(register.openAccounts([{ userId: aUserId(), amount: (2 ** 53) as Won }]), Poison);
  await assert.rejects(register.addOptions([{ optionId: anOptionId(), stock: -1 }]), Poison);
});
