/** The verifier must be able to fail: every claim, broken once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnedVerdict } from "../../processors/coupon-ports.ts";
import type {
  CouponId,
  CouponIssueRequested,
  PolicyId,
  RefusalReason,
  ReservationId,
  UserId,
} from "../../schemas/coupon.ts";
import { checkCoupons } from "./check.ts";
import type { CouponFacts } from "./facts.ts";

const coupon = "c" as CouponId;
const id = (n: number): ReservationId => `r-${n}` as ReservationId;
const user = (n: number): UserId => `u-${n}` as UserId;
const issued = (n: number): OwnedVerdict => ({
  kind: "issued",
  couponId: coupon,
  userId: user(n),
  policyId: "p" as PolicyId,
  issuedAt: 1,
  expiresAt: 2,
});
const refused = (n: number, reason: RefusalReason = "SOLD_OUT"): OwnedVerdict => ({
  kind: "refused",
  couponId: coupon,
  userId: user(n),
  reason,
  refusedAt: 1,
});
const requested = (n: number): CouponIssueRequested => ({
  reservationId: id(n),
  couponId: coupon,
  userId: user(n),
  policyId: null,
  requestedAt: 1,
});

/** Three asked for two units; the third came too late. */
const sound = () => {
  const facts = {
    accepted: new Map([1, 2, 3].map((n) => [id(n), { request: requested(n), partition: 0, offset: BigInt(n) }])),
    issued: new Map([1, 2].map((n) => [id(n), issued(n)])),
    refused: new Map([[id(3), refused(3)]]),
    coupons: new Map([[coupon, { couponId: coupon, stock: 2, remaining: 0 }]]),
    counters: new Map([[coupon, 0]]),
    toldIssued: new Map(
      [1, 2].map((n) => [id(n), { ...requested(n), policyId: "p" as PolicyId, issuedAt: 1, expiresAt: 2 }]),
    ),
    toldRefused: new Map([[id(3), { ...requested(3), reason: "SOLD_OUT" as RefusalReason, refusedAt: 1 }]]),
    deadLetters: 0,
  };
  return facts satisfies CouponFacts;
};

const brokenClaims = (facts: CouponFacts): readonly string[] =>
  checkCoupons(facts).flatMap(({ claim, broken }) => (broken > 0 ? [claim] : []));

test("verify: finds nothing when everything agrees", () => {
  assert.deepEqual(brokenClaims(sound()), []);
});

test("verify: names the claim when a request has no verdict, or two", () => {
  const none = sound();
  none.refused.delete(id(3));
  assert.ok(brokenClaims(none).includes("every accepted request has one verdict"));
  const two = sound();
  two.refused.set(id(1), refused(1));
  assert.ok(brokenClaims(two).includes("every accepted request has one verdict"));
});

test("verify: names the claim when a verdict was never asked for", () => {
  const facts = sound();
  facts.refused.set(id(9), refused(9));
  assert.ok(brokenClaims(facts).includes("every verdict belongs to an accepted request"));
});

test("verify: names the claim when more or fewer are issued than stock was taken", () => {
  const facts = sound();
  facts.coupons.set(coupon, { couponId: coupon, stock: 2, remaining: 1 });
  assert.ok(brokenClaims(facts).includes("issued = stock taken, never more than there are"));
});

test("verify: names the claim when a user has a coupon twice", () => {
  const facts = sound();
  facts.issued.set(id(2), issued(1));
  assert.deepEqual(brokenClaims(facts), ["no user has a coupon twice"]);
});

test("verify: names the claim when somebody who came later was served first", () => {
  const facts = sound();
  facts.issued.delete(id(1));
  facts.issued.set(id(3), issued(3));
  facts.refused.delete(id(3));
  facts.refused.set(id(1), refused(1));
  assert.ok(brokenClaims(facts).includes("first come, first served, by offset"));
});

test("verify: names the claim when the counter and the database differ", () => {
  const facts = sound();
  facts.counters.set(coupon, 1);
  assert.deepEqual(brokenClaims(facts), ["the counter equals the database"]);
});

test("verify: names the claim when nobody was told, or something else was told", () => {
  const silent = sound();
  silent.toldIssued.delete(id(1));
  assert.deepEqual(brokenClaims(silent), ["every verdict was told as it is"]);
  const wrong = sound();
  wrong.toldRefused.set(id(3), { ...requested(3), reason: "CLOSED", refusedAt: 1 });
  assert.deepEqual(brokenClaims(wrong), ["every verdict was told as it is"]);
  const both = sound();
  both.toldRefused.set(id(1), { ...requested(1), reason: "SOLD_OUT", refusedAt: 1 });
  assert.deepEqual(brokenClaims(both), ["every verdict was told as it is"]);
});
