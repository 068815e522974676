/** What every {@link PaymentBook} does, the real one and the fake. */
import { isUserId } from "../../schemas/ids.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../../engine/errors.ts";
import type {
  OptionId,
  Order,
  OrderRegister,
  PaymentAnswer,
  PaymentAsk,
  PaymentBook,
} from "../../processors/payments/payment-ports.ts";
import type { CouponPolicy, ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import { anAsk, anItem, anOptionId, anOrder, anOrderId, aPaymentId, fingerprintOf, won } from "./payment-samples.ts";
import { aReservationId, aUserId, hostileIds, many } from "../../processors/testing/samples.ts";

/** A book, with what fills it and looks into it. */
export interface PaymentSubject {
  readonly book: PaymentBook;
  readonly register: OrderRegister;
  /** Gives a user a coupon with these terms; it expires so many ms from now, by the book's clock. */
  readonly giveCoupon: (userId: UserId, policy: CouponPolicy, expiresInMs: number) => Promise<ReservationId>;
  readonly look: {
    readonly left: (optionId: OptionId) => Promise<number>;
    readonly balance: (userId: UserId) => Promise<number>;
    readonly isPaid: (orderId: OrderId) => Promise<boolean>;
    readonly isUsed: (reservationId: ReservationId) => Promise<boolean>;
    /** Rows of the outbox for this payment. */
    readonly outboxRows: (paymentId: PaymentId) => Promise<number>;
  };
}

const hourMs = 3_600_000;
const fixed = (amount: number, minOrderAmount = 0): CouponPolicy => ({
  name: "여름",
  discount: { kind: "fixed", amount: won(amount) },
  minOrderAmount: won(minOrderAmount),
});

/** One user with 100,000 won, an option with 10 units, and an order for 3 of them at 10,000 won each. */
const aShop = async ({ register }: PaymentSubject, changes: Partial<Order> = {}) => {
  const [optionId, userId] = [anOptionId(), changes.userId ?? aUserId()];
  await register.addOptions([{ optionId, stock: 10 }]);
  await register.openAccounts([{ userId, amount: won(100_000) }]);
  const open = async (more: Partial<Order> = {}): Promise<Order> => {
    const order = anOrder([anItem(optionId, { quantity: 3 })], { ...changes, userId, ...more });
    await register.openOrders([order]);
    return order;
  };
  return { optionId, userId, open, order: await open() };
};

const one = async ({ book }: PaymentSubject, ask: PaymentAsk): Promise<PaymentAnswer> => {
  const [answer] = await book.pay([ask]);
  return answer ?? assert.fail();
};

/** The payment of an answer that has one. */
const paymentIn = (answer: PaymentAnswer | undefined) =>
  answer !== undefined && "payment" in answer ? answer.payment : assert.fail(JSON.stringify(answer));

type Says = (what: string, body: (subject: PaymentSubject) => Promise<void>) => void;

/** Registers the suite. `subject` is called inside each test. */
export const paymentBookContract = (name: string, subject: () => PaymentSubject): void => {
  const says: Says = (what, body) => void test(`${name}: ${what}`, () => body(subject()));
  paying(says);
  repeating(says);
  refusing(says);
  coupons(says);
  together(says);
};

const paying = (says: Says): void => {
  says("takes stock and balance, and writes to the outbox, when an order is paid", async (all) => {
    const { order, optionId, userId } = await aShop(all);
    const ask = anAsk(order);
    const answer = await one(all, ask);
    assert.equal(answer.kind, "paid");
    const payment = paymentIn(answer);
    const { paymentId } = ask;
    assert.deepEqual(payment, {
      paymentId,
      orderId: order.orderId,
      userId,
      amount: 30_000,
      discount: 0,
      paidAt: payment.paidAt,
    });
    assert.ok(Number.isSafeInteger(payment.paidAt) && payment.paidAt > 1_700_000_000_000);
    assert.equal(await all.look.left(optionId), 7);
    assert.equal(await all.look.balance(userId), 70_000);
    assert.equal(await all.look.isPaid(order.orderId), true);
    assert.equal(await all.look.outboxRows(paymentId), 1);
    assert.deepEqual(await all.book.find([paymentId, aPaymentId()]), new Map([[paymentId, payment]]));
  });

  says("takes all there is, and nothing below", async (all) => {
    const { optionId, userId } = await aShop(all);
    const order = anOrder([anItem(optionId, { quantity: 10 })], { userId });
    await all.register.openOrders([order]);
    assert.equal((await one(all, anAsk(order))).kind, "paid");
    assert.equal(await all.look.left(optionId), 0);
    assert.equal(await all.look.balance(userId), 0);
  });

  says("pays an order that costs nothing for a user without an account", async (all) => {
    const { optionId } = await aShop(all);
    const order = anOrder([anItem(optionId, { unitPrice: won(0) })]);
    await all.register.openOrders([order]);
    assert.equal(paymentIn(await one(all, anAsk(order))).amount, 0);
    assert.equal(await all.look.left(optionId), 9);
  });

  says("adds up many items to the won", async (all) => {
    const optionIds = many(100, anOptionId);
    await all.register.addOptions(optionIds.map((optionId) => ({ optionId, stock: 10_000 })));
    const order = anOrder(optionIds.map((id) => anItem(id, { quantity: 10_000, unitPrice: won(90_071_992) })));
    await all.register.openAccounts([{ userId: order.userId, amount: Number.MAX_SAFE_INTEGER as Won }]);
    await all.register.openOrders([order]);
    assert.equal(paymentIn(await one(all, anAsk(order))).amount, 90_071_992_000_000);
    assert.equal(await all.look.balance(order.userId), Number.MAX_SAFE_INTEGER - 90_071_992_000_000);
  });

  says("does nothing when asked for nothing", async (all) => {
    assert.deepEqual(await all.book.pay([]), []);
    assert.deepEqual(await all.book.find([]), new Map());
  });

  says("keeps hostile ids and keys apart and unharmed", async (all) => {
    const ids = hostileIds();
    const options = ids.map((id) => ({ optionId: id as OptionId, stock: 1 })); // Any text of that length is an id to a store.
    await all.register.addOptions(options);
    // A relay publishes these payments, and who reads them takes users as they are at the door.
    const users = ids.map((id, at) => (isUserId(id) ? id : `'${at};--%_\\"`) as UserId);
    const orders = ids.map((id, at) => anOrder([anItem(id as OptionId)], { userId: users[at] as UserId })); // As many.
    await all.register.openAccounts(orders.map(({ userId }) => ({ userId, amount: won(10_000) })));
    await all.register.openOrders(orders);
    const asks = orders.map((order, at) => anAsk(order, { key: ids.at(-1 - at) ?? "" }));
    const answers = await all.book.pay(asks);
    assert.ok(answers.every(({ kind }) => kind === "paid"));
    for (const userId of users) assert.equal(await all.look.balance(userId), 0);
  });
};

const repeating = (says: Says): void => {
  says("answers the same payment when the same key asks again", async (all) => {
    const { order, userId } = await aShop(all);
    const ask = anAsk(order);
    const payment = paymentIn(await one(all, ask));
    // With its own payment id it is another attempt of the same ask.
    assert.deepEqual(await one(all, ask), { kind: "paid", payment });
    assert.deepEqual(await one(all, { ...ask, paymentId: aPaymentId() }), { kind: "repeat", payment });
    assert.equal(await all.look.balance(userId), 70_000);
    assert.equal(await all.look.outboxRows(ask.paymentId), 1);
  });

  says("answers mismatch when the key was used for something else, and changes nothing", async (all) => {
    const { order, open, userId } = await aShop(all);
    const ask = anAsk(order);
    await one(all, ask);
    const other = await open();
    assert.deepEqual(await one(all, anAsk(other, { key: ask.key })), { kind: "mismatch" });
    assert.equal(await all.look.isPaid(other.orderId), false);
    assert.equal(await all.look.balance(userId), 70_000);
    assert.equal((await one(all, anAsk(other))).kind, "paid");
  });

  says("keeps the keys of users apart", async (all) => {
    const shops = [await aShop(all), await aShop(all)];
    const asks = shops.map(({ order }) => anAsk(order, { key: "same" }));
    assert.deepEqual(
      (await all.book.pay(asks)).map(({ kind }) => kind),
      ["paid", "paid"],
    );
  });

  says("refuses another key for an order that is paid", async (all) => {
    const { order, userId } = await aShop(all);
    await one(all, anAsk(order));
    const again = anAsk(order);
    for (const _ of many(2, () => 0)) {
      assert.deepEqual(await one(all, again), { kind: "orderNotPayable", why: "paid" });
    }
    assert.equal(await all.look.balance(userId), 70_000);
  });

  says("leaves the key free when it refuses", async (all) => {
    const { optionId, userId, order } = await aShop(all);
    const dear = anOrder([anItem(optionId, { unitPrice: won(100_001) })], { userId });
    await all.register.openOrders([dear]);
    const ask = anAsk(dear);
    assert.equal((await one(all, ask)).kind, "balanceTooLow");
    assert.equal((await one(all, anAsk(order, { key: ask.key }))).kind, "paid");
  });
};

const refusing = (says: Says): void => {
  const untouched = async (all: PaymentSubject, { order, optionId, userId }: Awaited<ReturnType<typeof aShop>>) => {
    assert.equal(await all.look.left(optionId), 10);
    assert.equal(await all.look.balance(userId), 100_000);
    assert.equal(await all.look.isPaid(order.orderId), false);
  };

  says("does not know an order that is not there, or is another user's", async (all) => {
    const shop = await aShop(all);
    const stranger = { orderId: shop.order.orderId, userId: aUserId() };
    assert.deepEqual(await one(all, anAsk(stranger)), { kind: "orderNotFound" });
    assert.deepEqual(await one(all, anAsk({ ...stranger, orderId: anOrderId() })), { kind: "orderNotFound" });
    await untouched(all, shop);
  });

  says("refuses an order without items", async (all) => {
    const { open } = await aShop(all);
    const order = await open({ items: [] });
    assert.deepEqual(await one(all, anAsk(order)), { kind: "orderNotPayable", why: "empty" });
  });

  says("names every option that is short, and takes none, when stock does not suffice", async (all) => {
    const shop = await aShop(all);
    const [few, none] = [anOptionId(), anOptionId()];
    await all.register.addOptions([
      { optionId: few, stock: 2 },
      { optionId: none, stock: 0 },
    ]);
    const items = [anItem(shop.optionId), anItem(few, { quantity: 3 }), anItem(none)];
    const order = await shop.open({ items });
    const answer = await one(all, anAsk(order));
    assert.equal(answer.kind, "outOfStock");
    const short = answer.kind === "outOfStock" ? answer.options : [];
    assert.deepEqual(
      new Set(short),
      new Set([
        { optionId: few, wanted: 3, left: 2 },
        { optionId: none, wanted: 1, left: 0 },
      ]),
    );
    assert.equal(await all.look.left(few), 2);
    await untouched(all, { ...shop, order });
  });

  says("gives the stock back when the balance is too low", async (all) => {
    const shop = await aShop(all);
    const items = [anItem(shop.optionId, { unitPrice: won(100_001) })];
    const order = await shop.open({ items });
    const ask = anAsk(order);
    assert.deepEqual(await one(all, ask), { kind: "balanceTooLow", amount: 100_001, balance: 100_000 });
    await untouched(all, { ...shop, order });
    assert.equal(await all.look.outboxRows(ask.paymentId), 0);
    assert.deepEqual(await all.book.find([ask.paymentId]), new Map());
  });

  says("has no balance for a user without an account", async (all) => {
    const { optionId } = await aShop(all);
    const order = anOrder([anItem(optionId)]);
    await all.register.openOrders([order]);
    assert.deepEqual(await one(all, anAsk(order)), { kind: "balanceTooLow", amount: 10_000, balance: 0 });
  });

  says("opens nothing when an order has an unknown option or is there already", async (all) => {
    const { order, userId } = await aShop(all);
    const good = anOrder([], { userId });
    await assert.rejects(all.register.openOrders([good, anOrder([anItem(anOptionId())])]), Poison);
    await assert.rejects(all.register.openOrders([good, order]), Poison);
    assert.deepEqual(await one(all, anAsk(good)), { kind: "orderNotFound" });
  });
};

const coupons = (says: Says): void => {
  says("uses the coupons of an order and takes off what their terms say", async (all) => {
    const shop = await aShop(all);
    const percent: CouponPolicy = {
      name: "10 %",
      discount: { kind: "percent", percent: 10, maxAmount: won(2_000) },
      minOrderAmount: won(30_000),
    };
    const given = [
      await all.giveCoupon(shop.userId, fixed(5_000), hourMs),
      await all.giveCoupon(shop.userId, percent, hourMs),
    ];
    const order = await shop.open({ coupons: given });
    const { amount, discount } = paymentIn(await one(all, anAsk(order)));
    assert.deepEqual({ amount, discount }, { amount: 23_000, discount: 7_000 });
    for (const coupon of given) assert.equal(await all.look.isUsed(coupon), true);
    assert.equal(await all.look.balance(shop.userId), 77_000);
  });

  says("never takes off more than the order costs", async (all) => {
    const shop = await aShop(all);
    const given = [await all.giveCoupon(shop.userId, fixed(1_000_000), hourMs)];
    const order = await shop.open({ coupons: given });
    const { amount, discount } = paymentIn(await one(all, anAsk(order)));
    assert.deepEqual({ amount, discount }, { amount: 0, discount: 30_000 });
    assert.equal(await all.look.balance(shop.userId), 100_000);
  });

  says(
    "refuses coupons that are unknown, another's, used, expired or below their minimum, and uses none",
    async (all) => {
      const shop = await aShop(all);
      const good = await all.giveCoupon(shop.userId, fixed(1), hourMs);
      const used = await all.giveCoupon(shop.userId, fixed(2), hourMs);
      await one(all, anAsk(await shop.open({ coupons: [used] })));
      const wrong = [
        { reservationId: aReservationId(), why: "unknown" },
        { reservationId: await all.giveCoupon(aUserId(), fixed(3), hourMs), why: "unknown" },
        { reservationId: used, why: "used" },
        { reservationId: await all.giveCoupon(shop.userId, fixed(4), -1), why: "expired" },
        { reservationId: await all.giveCoupon(shop.userId, fixed(5, 30_001), hourMs), why: "belowMinimum" },
      ] as const;
      const order = await shop.open({ coupons: [good, ...wrong.map(({ reservationId }) => reservationId)] });
      const answer = await one(all, anAsk(order));
      assert.ok(answer.kind === "couponNotUsable");
      assert.deepEqual(new Set(answer.coupons), new Set(wrong));
      assert.equal(await all.look.isUsed(good), false);
      assert.equal(await all.look.isPaid(order.orderId), false);
      assert.equal(await all.look.left(shop.optionId), 7);
    },
  );
};

const together = (says: Says): void => {
  says("decides asks in order: the first that can be paid are, to the unit and to the won", async (all) => {
    const { optionId, userId, open, order } = await aShop(all);
    const orders = [order, await open(), await open(), await open()];
    const answers = await all.book.pay(orders.map((each) => anAsk(each)));
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["paid", "paid", "paid", "outOfStock"],
    );
    assert.deepEqual(answers[3], { kind: "outOfStock", options: [{ optionId, wanted: 3, left: 1 }] });
    assert.equal(await all.look.left(optionId), 1);
    assert.equal(await all.look.balance(userId), 10_000);
  });

  says("lets one of two orders use a coupon when both are asked for together", async (all) => {
    const shop = await aShop(all);
    const coupon = await all.giveCoupon(shop.userId, fixed(1_000), hourMs);
    const orders = [await shop.open({ coupons: [coupon] }), await shop.open({ coupons: [coupon] })];
    const [first, second] = await all.book.pay(orders.map((order) => anAsk(order)));
    assert.equal(paymentIn(first).amount, 29_000);
    assert.deepEqual(second, { kind: "couponNotUsable", coupons: [{ reservationId: coupon, why: "used" }] });
  });

  says("answers each its own when paid, repeated, mistaken and refused asks come together", async (all) => {
    const { order, open } = await aShop(all);
    const before = anAsk(order);
    const payment = paymentIn(await one(all, before));
    const fresh = anAsk(await open());
    const retry = { ...fresh, paymentId: aPaymentId() };
    const lost = anAsk({ orderId: anOrderId(), userId: order.userId });
    const answers = await all.book.pay([
      fresh,
      { ...before, paymentId: aPaymentId() },
      retry,
      { ...fresh, fingerprint: fingerprintOf("other"), paymentId: aPaymentId() },
      lost,
      { ...lost, fingerprint: fingerprintOf("other"), paymentId: aPaymentId() },
      anAsk(order),
    ]);
    const made = paymentIn(answers[0]);
    assert.equal(made.paymentId, fresh.paymentId);
    assert.deepEqual(answers, [
      { kind: "paid", payment: made },
      { kind: "repeat", payment },
      { kind: "repeat", payment: made },
      { kind: "mismatch" },
      { kind: "orderNotFound" },
      { kind: "mismatch" },
      { kind: "orderNotPayable", why: "paid" },
    ]);
    assert.deepEqual(await one(all, { ...lost, fingerprint: fingerprintOf("third") }), { kind: "orderNotFound" });
  });

  says("pays an order once when 32 ask at once, whatever their keys", async (all) => {
    for (const keys of [1, 32]) {
      const { order, userId, optionId } = await aShop(all);
      const asks = many(32, (at) => anAsk(order, { key: `key-${at % keys}` }));
      const answers = (await Promise.all(asks.map((ask) => all.book.pay([ask])))).flat();
      const kinds = answers.map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === "paid").length, 1);
      const others = keys === 1 ? "repeat" : "orderNotPayable";
      assert.equal(kinds.filter((kind) => kind === others).length, 31);
      assert.equal(await all.look.balance(userId), 70_000);
      assert.equal(await all.look.left(optionId), 7);
    }
  });
};
