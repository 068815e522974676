/** Refusals that are forgotten, and users with the longest names, in the real database. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { v7 } from "uuid";
import type { ReservationId, UserId } from "../../../schemas/coupon.ts";
import { aCoupon, aCouponId, aRefusal, aTake, many } from "../../../processors/testing/samples.ts";
import { aClaim } from "../../testing/idempotency-keys.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "../../testing/payment-samples.ts";
import { idempotencyKeys } from "../idempotency/idempotency-keys.ts";
import { orderRegister } from "../payments/order-register.ts";
import { paymentBook } from "../payments/payment-book.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { couponBook } from "./coupon-book.ts";
import { couponRegister } from "./coupon-register.ts";
import { oldRefusals } from "./old-refusals.ts";
import { verdictLookup } from "./verdict-lookup.ts";

const { database } = databaseUnderTest();
const book = couponBook(database);
const lookup = verdictLookup(database);
const dayMs = 86_400_000;
/** Longer ago than any refusal of another test, and not as long as a relay of another test keeps them. */
const [agedMs, longAgoMs] = [30 * dayMs, 29 * dayMs];
const mintedAgo = (ms: number): ReservationId => v7({ msecs: Date.now() - ms }) as ReservationId;

test("old refusals: are forgotten, no more than the limit, and neither fresh ones nor those decided late", async () => {
  const couponId = aCouponId();
  const [old, late, fresh] = [agedMs, 0, 0].map((ago, at) =>
    many(5, () =>
      aRefusal(couponId, {
        reservationId: mintedAgo(at === 2 ? 0 : agedMs),
        refusedAt: Date.now() - ago,
      }),
    ),
  );
  assert.ok(old !== undefined && late !== undefined && fresh !== undefined);
  await book.refuse([...old, ...late, ...fresh]);
  const refusals = oldRefusals(database);
  assert.equal(await refusals.prune(longAgoMs, 3), 3);
  assert.equal(await refusals.prune(longAgoMs, 3), 2);
  assert.equal(await refusals.prune(longAgoMs, 3), 0);
  const found = await lookup.find([...old, ...late, ...fresh].map(({ reservationId }) => reservationId));
  assert.deepEqual([...found.keys()].sort(), [...late, ...fresh].map(({ reservationId }) => reservationId).sort());
});

const every = String.fromCharCode(...many(0x7e - 0x20, (at) => at + 0x21));
/** Of 255 characters, alike but for the last one. */
const longUsers = ["a", "A", "'"].map((end) => `${every}${"|/='".repeat(64)}`.slice(0, 254) + end) as UserId[];

test("users: are kept as they are in every table when they have 255 characters of every kind", async () => {
  const coupon = aCoupon(10);
  await couponRegister(database).open(coupon);
  const issues = longUsers.map((userId) => ({
    ...aTake(coupon.couponId, { userId }),
    policyId: coupon.policyId,
    issuedAt: Date.now(),
    expiresAt: Date.now() + dayMs,
  }));
  assert.ok((await book.issue(issues)).answers.every(({ kind }) => kind === "issued"));
  // The same user again is a duplicate; of another letter it is another user.
  const again = issues.map((issue) => ({ ...issue, ...aTake(coupon.couponId, { userId: issue.userId }) }));
  assert.ok((await couponBook(database).issue(again)).answers.every(({ kind }) => kind === "duplicate"));
  const verdicts = await lookup.find([...issues, ...again].map(({ reservationId }) => reservationId));
  for (const { reservationId, userId } of [...issues, ...again]) {
    assert.equal(verdicts.get(reservationId)?.userId, userId);
  }
  const claims = longUsers.map((userId) => aClaim({ userId }));
  const keys = idempotencyKeys(database);
  const first = await keys.claim(claims);
  assert.deepEqual(await keys.claim(claims), first);
  const register = orderRegister(database);
  const optionId = anOptionId();
  await register.addOptions([{ optionId, stock: 10 }]);
  await register.openAccounts(longUsers.map((userId) => ({ userId, amount: won(10_000) })));
  const orders = longUsers.map((userId) => anOrder([anItem(optionId)], { userId }));
  await register.openOrders(orders);
  const asks = orders.map((order) => anAsk(order));
  const payments = paymentBook(database);
  const paid = await payments.pay(asks);
  for (const [at, { kind }] of paid.entries()) assert.equal(kind, "paid", longUsers[at]);
  // The same ask once more: its key finds the payment.
  assert.deepEqual(await payments.pay(asks), paid);
});
