/** What no writer of the shop's topics would have written is named, and what one would have is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CouponIssueRequested, wrongRequest } from "./coupon.ts";
import { type PaymentCompleted, wrongPayment } from "./payment.ts";

type Fields = Readonly<Record<string, unknown>>;
const id7 = "01900000-0000-7000-8000-000000000001";
const request: Fields = { reservationId: id7, couponId: "spring", userId: "a@b.c", policyId: null, requestedAt: 0 };
const payment: Fields = { paymentId: id7, orderId: id7, userId: "a@b.c", amount: 0, discount: 0, paidAt: 1 };
// Values as a decoder may give them, whoever wrote them: the brands are those of the schema and prove nothing.
const ofRequest = (more: Fields = {}, key: Buffer | null = Buffer.from("spring")) =>
  wrongRequest({ ...request, ...more } as unknown as CouponIssueRequested, key);
const ofPayment = (more: Fields = {}, key: Buffer | null = Buffer.from(id7)) =>
  wrongPayment({ ...payment, ...more } as unknown as PaymentCompleted, key);

/** Texts that are no id: empty, too long, with NUL, a newline, marks of right-to-left text, a blank, letters that look alike. */
const noIds = ["", "x".repeat(256), "a\0", "a\nb", "a\n", "\u202ea", "a\u200f", " a", "\u0430", "a\u0301", "\ufeffa"];
/** Texts that are no id of ours, and are names that identity providers give to users. */
const onlyUsers = ["..", "a/b", "x".repeat(65), "x".repeat(255), "auth0|1", "cn=a,dc=b", "o'neil@example.com"];

test("rules: find nothing wrong with what the API and the relay write", () => {
  assert.equal(ofRequest(), undefined);
  assert.equal(ofRequest({ policyId: "p-1" }), undefined);
  assert.equal(ofPayment(), undefined);
});

for (const id of noIds) {
  test(`rules: refuse a request and a payment when an id is ${JSON.stringify(id)}`, () => {
    assert.match(ofRequest({ couponId: id }, Buffer.from(id)) ?? "", /coupon's id/);
    assert.match(ofRequest({ policyId: id }) ?? "", /policy's id/);
    assert.match(ofRequest({ reservationId: id }) ?? "", /reservation's id/);
    assert.match(ofPayment({ paymentId: id }) ?? "", /its id/);
    assert.match(ofPayment({ orderId: id }, Buffer.from(id)) ?? "", /order's id/);
    assert.match(ofRequest({ userId: id }) ?? "", /user's id/);
    assert.match(ofPayment({ userId: id }) ?? "", /user's id/);
  });
}

for (const id of onlyUsers)
  test(`rules: take ${JSON.stringify(id)} for a user, and for nothing else`, () => {
    assert.equal(ofRequest({ userId: id }), undefined);
    assert.equal(ofPayment({ userId: id }), undefined);
    assert.match(ofRequest({ reservationId: id }) ?? "", /reservation's id/);
    if (/^[\w.-]{1,64}$/.test(id) && id !== "..") return;
    assert.match(ofRequest({ couponId: id }, Buffer.from(id)) ?? "", /coupon's id/);
  });

test("rules: refuse a reservation's id of another version, variant or spelling", () => {
  for (const other of [
    id7.replace("-7", "-4"),
    id7.replace("-8", "-c"),
    "019F0000-0000-7000-8000-000000000001",
    `${id7}0`,
  ])
    assert.match(ofRequest({ reservationId: other }) ?? "", /reservation's id/);
});

test("rules: refuse a record when its key is missing, empty, another's or only begins like its own", () => {
  for (const key of [null, Buffer.alloc(0), Buffer.from("autumn"), Buffer.from("spring "), Buffer.from("sprin")]) {
    assert.match(ofRequest({}, key) ?? "", /its key/);
    assert.match(ofPayment({}, key) ?? "", /its key/);
  }
});

test("rules: refuse moments that are none and amounts below 0", () => {
  for (const at of [-1, 8_640_000_000_000_001, 2 ** 53 - 2, -(2 ** 52)]) {
    assert.match(ofRequest({ requestedAt: at }) ?? "", /time that is none/);
    assert.match(ofPayment({ paidAt: at }) ?? "", /time that is none/);
  }
  assert.match(ofPayment({ amount: -1 }) ?? "", /below 0/);
  assert.match(ofPayment({ discount: -1 }) ?? "", /below 0/);
});
