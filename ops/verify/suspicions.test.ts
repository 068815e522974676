/** What of new requests looks wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { type NewFacts, suspicions } from "./suspicions.ts";

const [one, two] = ["r-1" as ReservationId, "r-2" as ReservationId];
const couponId = "hot" as CouponId;
const refused: OwnedVerdict = { kind: "refused", couponId, userId: "u" as UserId, reason: "SOLD_OUT", refusedAt: 1 };
const facts: NewFacts = {
  requests: [one, two].map((reservationId) => ({ reservationId, couponId })),
  verdicts: new Map([one, two].map((id) => [id, refused])),
  published: new Map([one, two].map((id) => [id, "refused"])),
  taken: [{ couponId, stock: 5, remaining: 3, issued: 2 }],
};

test("suspicions: are none when each request has the verdict that was published, and stock is in balance", () => {
  assert.equal(suspicions(facts), 0);
});

test("suspicions: count requests without a verdict, and with another one than was published", () => {
  assert.equal(suspicions({ ...facts, verdicts: new Map([[one, refused]]) }), 1);
  assert.equal(suspicions({ ...facts, published: new Map([[one, "issued"]]) }), 2);
});

test("suspicions: count coupons of which more or less is taken than issued, or more than there are", () => {
  assert.equal(suspicions({ ...facts, taken: [{ couponId, stock: 5, remaining: 3, issued: 3 }] }), 1);
  assert.equal(suspicions({ ...facts, taken: [{ couponId, stock: 5, remaining: -1, issued: 6 }] }), 1);
});
