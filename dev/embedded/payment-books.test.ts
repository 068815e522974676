/** The books of payments in memory: in balance after payments, and out of it by name when anything is changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryOrderRegister, memoryPayments } from "../../processors/memory/memory-payments.ts";
import { rulePaymentBook } from "../../processors/memory/rule-payment-book.ts";
import type { OptionId, Order, Payment } from "../../processors/payments/payment-ports.ts";
import type { ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import { booksOf } from "./payment-books.ts";

// Test values of the right alphabet and range.
const [alice, shoe, ticket] = ["alice" as UserId, "shoe" as OptionId, "ticket" as ReservationId];
const order = (orderId: string, coupons: readonly ReservationId[] = []): Order => ({
  ...{ orderId: orderId as OrderId, userId: alice, coupons },
  items: [{ optionId: shoe, quantity: 2, unitPrice: 1_005 as Won }],
});

/** A shop in which alice has paid order `one` with a coupon of 10 %, and not yet order `two`. */
const paidShop = async () => {
  const shop = memoryPayments();
  const register = memoryOrderRegister(shop);
  await register.addOptions([{ optionId: shoe, stock: 10 }]);
  await register.openAccounts([{ userId: alice, amount: 10_000 as Won }]);
  await register.openOrders([order("one", [ticket]), order("two")]);
  const discount = { kind: "percent", percent: 10, maxAmount: 5_000 as Won } as const;
  shop.coupons.set(ticket, { userId: alice, used: false, expiresAt: shop.now + 1, discount, minOrderAmount: 0 as Won });
  const ask = { orderId: "one" as OrderId, userId: alice, key: "k", paymentId: "p" as PaymentId };
  const [answer] = await rulePaymentBook(shop).pay([{ ...ask, fingerprint: Buffer.from("f") }]);
  assert.equal(answer?.kind, "paid");
  return shop;
};

const inBalance = { ordersOff: [], optionsOff: [], balancesOff: [], couponsOff: [], amountsOff: [] };

test("payment books: are in balance when an order was paid with a coupon and another was not", async () => {
  const shop = await paidShop();
  assert.deepEqual(booksOf(shop), inBalance);
  assert.equal(shop.payments.get("p" as PaymentId)?.discount, 201);
});

type Shop = Awaited<ReturnType<typeof paidShop>>;
const changePayment = (shop: Shop, change: Partial<Payment>): void => {
  const payment = shop.payments.get("p" as PaymentId) ?? assert.fail();
  shop.payments.set(payment.paymentId, { ...payment, ...change });
};
const changeOrder = (shop: Shop, id: string, change: Partial<Order & { readonly paid: boolean }>): void => {
  const known = shop.orders.get(id as OrderId) ?? assert.fail();
  shop.orders.set(known.orderId, { ...known, ...change });
};
const changes: Readonly<Record<string, readonly [(shop: Shop) => void, Partial<ReturnType<typeof booksOf>>]>> = {
  "an order is paid without a payment": [(shop) => changeOrder(shop, "two", { paid: true }), { ordersOff: ["two"] }],
  "an order with a payment is not paid": [(shop) => changeOrder(shop, "one", { paid: false }), { ordersOff: ["one"] }],
  "a unit of an option is gone": [(shop) => shop.left.set(shoe, 7), { optionsOff: ["shoe"] }],
  "a won is gone": [(shop) => shop.balances.set(alice, 8_190 as Won), { balancesOff: ["alice"] }],
  "a used coupon is not used": [
    (shop) => shop.coupons.set(ticket, { ...(shop.coupons.get(ticket) ?? assert.fail()), used: false }),
    { couponsOff: ["ticket"] },
  ],
  "a coupon is used by no order": [
    (shop) => shop.coupons.set("other" as ReservationId, shop.coupons.get(ticket) ?? assert.fail()),
    { couponsOff: ["other"] },
  ],
  "a coupon takes off a won more": [
    (shop) => {
      changePayment(shop, { discount: 202 as Won, amount: 1_808 as Won });
      shop.balances.set(alice, 8_192 as Won);
    },
    { amountsOff: ["p"] },
  ],
};
for (const [what, [change, expected]] of Object.entries(changes))
  test(`payment books: name it when ${what}`, async () => {
    const shop = await paidShop();
    change(shop);
    assert.deepEqual(booksOf(shop), { ...inBalance, ...expected });
  });
