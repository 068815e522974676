/** The audit must be able to fail: payments that are in order, and then each of its findings, made by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "../../testing/payment-samples.ts";
import { aUserId } from "../../../processors/testing/samples.ts";
import { hexOf } from "../../ids.ts";
import type { Parameter } from "../connection.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { orderRegister } from "./order-register.ts";
import { type PaymentBooks, paymentAudit } from "./payment-audit.ts";
import { paymentBook } from "./payment-book.ts";
import { paymentTables } from "../testing/payment-tables.ts";
import { transactionHistory } from "./transaction-history.ts";
import { withSession } from "../session.ts";

const { database } = databaseUnderTest();
const audit = paymentAudit(database);
const tables = paymentTables(database);

const change = (sql: string, ...values: readonly Parameter[]): Promise<number> =>
  withSession(database, (session) => session.change(sql, values));

/** An order of two options with a tenth off, paid; a second one that is not, and a coupon to spare, of the same user. */
const payOne = async () => {
  const [userId, options] = [aUserId(), [anOptionId(), anOptionId()] as const];
  const discount = { kind: "percent", percent: 10, maxAmount: won(1_500) } as const;
  const coupon = await tables.giveCoupon(userId, { name: "Tenth", discount, minOrderAmount: won(0) }, 60_000);
  const oneOff = { kind: "fixed", amount: won(1) } as const;
  const spare = await tables.giveCoupon(userId, { name: "One", discount: oneOff, minOrderAmount: won(0) }, 60_000);
  const register = orderRegister(database);
  await register.addOptions(options.map((optionId) => ({ optionId, stock: 10 })));
  await register.openAccounts([{ userId, amount: won(100_000) }]);
  const items = [anItem(options[0]), anItem(options[1], { quantity: 2, unitPrice: won(1_001) })];
  const order = anOrder(items, { userId, coupons: [coupon] });
  const open = anOrder([anItem(options[0])], { userId });
  await register.openOrders([order, open]);
  const [answer] = await paymentBook(database).pay([anAsk(order)]);
  assert.equal(answer?.kind, "paid");
  const payment = answer.kind === "paid" ? answer.payment : assert.fail();
  return { payment, order, open, options, userId, coupon, spare };
};

const idOf = (uuid: string): string => uuid.replaceAll("-", "");

/** What is off and about one of these ids: the tests share the tables. */
const offAbout = async (ids: readonly string[]): Promise<Partial<PaymentBooks>> => {
  const found = Object.entries(await audit.books()).map(
    ([what, off]) => [what, off.filter((id: string) => ids.includes(id))] as const,
  );
  return Object.fromEntries(found.filter(([, off]) => off.length > 0));
};

const aboutOf = ({ payment, order, open, options, userId, coupon, spare }: Awaited<ReturnType<typeof payOne>>) => [
  ...[payment.paymentId, order.orderId, open.orderId, coupon, spare].map(idOf),
  ...options,
  userId,
];

test("payment audit: finds nothing when an order was paid with a coupon", async () => {
  assert.deepEqual(await offAbout(aboutOf(await payOne())), {});
});

type Paid = Awaited<ReturnType<typeof payOne>>;

const breakages: Readonly<
  Record<string, { readonly by: (paid: Paid) => Promise<unknown>; readonly off: (paid: Paid) => Partial<PaymentBooks> }>
> = {
  "a paid order is open again": {
    by: ({ order }) => change("UPDATE customer_order SET status = 1 WHERE order_id = UNHEX(?)", hexOf(order.orderId)),
    off: ({ order }) => ({ ordersOff: [idOf(order.orderId)] }),
  },
  "an open order says that it is paid": {
    by: ({ open }) => change("UPDATE customer_order SET status = 2 WHERE order_id = UNHEX(?)", hexOf(open.orderId)),
    off: ({ open }) => ({ ordersOff: [idOf(open.orderId)] }),
  },
  "a unit went missing": {
    by: ({ options }) =>
      change("UPDATE product_option SET remaining = remaining - 1 WHERE option_id = ?", Buffer.from(options[1])),
    off: ({ options }) => ({ optionsOff: [options[1]] }),
  },
  "a won was given back": {
    by: ({ userId }) => change("UPDATE user_balance SET balance = balance + 1 WHERE user_id = ?", Buffer.from(userId)),
    off: ({ userId }) => ({ balancesOff: [userId] }),
  },
  "a user without an account paid": {
    by: ({ userId }) => change("DELETE FROM user_balance WHERE user_id = ?", Buffer.from(userId)),
    off: ({ userId }) => ({ balancesOff: [userId] }),
  },
  "a used coupon can be used again": {
    by: ({ coupon }) => change("UPDATE user_coupon SET status = 1 WHERE reservation_id = UNHEX(?)", hexOf(coupon)),
    off: ({ coupon }) => ({ couponsOff: [idOf(coupon)] }),
  },
  "a coupon is used by no order": {
    by: ({ spare }) => change("UPDATE user_coupon SET status = 2 WHERE reservation_id = UNHEX(?)", hexOf(spare)),
    off: ({ spare }) => ({ couponsOff: [idOf(spare)] }),
  },
  "more was paid than it costs": {
    by: async ({ payment: { paymentId }, userId }) => {
      await change("UPDATE payment SET amount = amount + 1 WHERE payment_id = UNHEX(?)", hexOf(paymentId));
      await change("UPDATE user_balance SET balance = balance - 1 WHERE user_id = ?", Buffer.from(userId));
    },
    off: ({ payment }) => ({ amountsOff: [idOf(payment.paymentId)] }),
  },
  "a discount is a won too much": {
    by: async ({ payment: { paymentId }, userId }) => {
      const less = "UPDATE payment SET amount = amount - 1, discount = discount + 1 WHERE payment_id = UNHEX(?)";
      await change(less, hexOf(paymentId));
      await change("UPDATE user_balance SET balance = balance + 1 WHERE user_id = ?", Buffer.from(userId));
    },
    off: ({ payment }) => ({ amountsOff: [idOf(payment.paymentId)] }),
  },
};

for (const [what, { by, off }] of Object.entries(breakages)) {
  test(`payment audit: names what is off when ${what}`, async () => {
    const paid = await payOne();
    await by(paid);
    assert.deepEqual(await offAbout(aboutOf(paid)), off(paid));
  });
}

test("payment audit: shows payment, outbox row and history row when there are any", async () => {
  const { payment } = await payOne();
  const seen: Payment[] = [];
  await audit.payments((one) => one.paymentId === payment.paymentId && seen.push(one));
  assert.deepEqual(seen, [payment]);
  const entries: boolean[] = [];
  await audit.outbox(({ paymentId, published }) => paymentId === payment.paymentId && entries.push(published));
  assert.deepEqual(entries, [false]);
  const insert = `INSERT INTO transaction_history (payment_id, order_id, user_id, amount, discount, paid_at)
    SELECT payment_id, order_id, user_id, amount, discount, paid_at FROM payment WHERE payment_id = UNHEX(?)`;
  await change(insert, hexOf(payment.paymentId));
  await audit.history((one) => one.paymentId === payment.paymentId && seen.push(one));
  assert.deepEqual(seen, [payment, payment]);
});

test("payment audit: counts payments that the history lacks, or has with other contents", async () => {
  const { payment } = await payOne();
  const other = (await payOne()).payment;
  const ids = [payment.paymentId, other.paymentId];
  assert.equal(await audit.unlike(ids), 2);
  await transactionHistory(database).record([payment, other]);
  assert.equal(await audit.unlike(ids), 0);
  const raise = (by: number) =>
    change(
      "UPDATE transaction_history SET amount = amount + ? WHERE payment_id = UNHEX(?)",
      by,
      hexOf(other.paymentId),
    );
  await raise(1);
  assert.equal(await audit.unlike(ids), 1);
  // A relay that another file starts publishes this payment, and its history must be like it.
  await raise(-1);
  assert.equal(await audit.unlike([]), 0);
});
