/** What judges faults must be able to say no: every finding, made once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnedVerdict } from "../../../processors/coupons/coupon-ports.ts";
import type { CouponId, CouponIssued, PolicyId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { faultsOf, findingsOf } from "./judge.ts";

const couponId = "c" as CouponId;
const id = (n: number): ReservationId => `r-${n}` as ReservationId;

const issued = (n: number): OwnedVerdict => ({
  kind: "issued",
  couponId,
  userId: `u-${n}` as UserId,
  policyId: "p" as PolicyId,
  issuedAt: 1,
  expiresAt: 2,
});
const issuedBy = (n: number): CouponIssued => {
  const { userId } = issued(n);
  return { reservationId: id(n), couponId, userId, policyId: "p" as PolicyId, issuedAt: 1, expiresAt: 2 };
};
const accepted = (n: number) => ({
  request: { reservationId: id(n), couponId, userId: `u-${n}` as UserId, policyId: null, requestedAt: 1 },
  partition: 0,
  offset: BigInt(n),
});

/** Two asked for two units, and one record was poison. */
const sound = () => ({
  facts: {
    accepted: new Map([1, 2].map((n) => [id(n), accepted(n)])),
    issued: new Map([1, 2].map((n) => [id(n), issued(n)])),
    refused: new Map<ReservationId, OwnedVerdict>(),
    coupons: new Map([[couponId, { couponId, stock: 2, remaining: 0 }]]),
    counters: new Map([[couponId, 0]]),
    foreign: new Set<CouponId>(),
    publishedIssued: new Map([1, 2].map((n) => [id(n), issuedBy(n)])),
    publishedRefused: new Map(),
    ...{ marks: new Map([[couponId, 0]]), publishedCompensations: [] },
    group: { id: "g", committed: [] },
    deadLetters: 1,
    topicsSince: { requests: 0, issued: 0, refused: 0 },
  },
  expected: { prefix: "c", acknowledged: new Set([id(1), id(2)]), poison: 1 },
  deadLetters: { poison: 1, inDoubt: 0 },
});

const amissOf = ({ facts, expected, deadLetters }: ReturnType<typeof sound>): readonly string[] =>
  faultsOf(findingsOf(facts, expected, deadLetters));

test("judge: finds nothing amiss when everything agrees", () => {
  assert.deepEqual(amissOf(sound()), []);
});

test("judge: finds a request lost when it was acknowledged and is not in the topic", () => {
  const world = sound();
  world.expected.acknowledged.add(id(3));
  assert.deepEqual(amissOf(world), ["lost: 1"]);
});

test("judge: finds a request lost when it has no verdict", () => {
  const world = sound();
  world.facts.accepted.set(id(3), accepted(3));
  assert.deepEqual(amissOf(world), ["lost: 1"]);
});

test("judge: finds a coupon oversold when more are issued than were taken", () => {
  const world = sound();
  world.facts.coupons.set(couponId, { couponId, stock: 1, remaining: 0 });
  assert.deepEqual(amissOf(world), ["oversold: 1"]);
});

test("judge: finds a verdict double when a reservation has two, or a user two coupons", () => {
  const two = sound();
  two.facts.refused.set(id(1), {
    kind: "refused",
    couponId,
    userId: "u-1" as UserId,
    reason: "DUPLICATE",
    refusedAt: 1,
  });
  assert.ok(amissOf(two).includes("double: 1"));
  const greedy = sound();
  greedy.facts.issued.set(id(2), issued(1));
  assert.ok(amissOf(greedy).includes("double: 1"));
});

test("judge: finds an unpublished verdict, and a counter off", () => {
  const world = sound();
  world.facts.publishedIssued.delete(id(1));
  world.facts.counters.set(couponId, 1);
  assert.deepEqual(amissOf(world), ["unpublished: 1", "counterOff: 1"]);
});

test("judge: finds dead letters wrong when poison is missing, or something else is in doubt", () => {
  const missing = sound();
  missing.deadLetters.poison = 0;
  assert.deepEqual(amissOf(missing), ["wrongDeadLetters: 1"]);
  const doubtful = sound();
  doubtful.deadLetters.inDoubt = 2;
  assert.deepEqual(amissOf(doubtful), ["wrongDeadLetters: 2"]);
});

test("judge: is not content when nothing was looked at", () => {
  const world = sound();
  world.facts.accepted.clear();
  world.expected.acknowledged.clear();
  assert.ok(amissOf(world).includes("nothing was looked at"));
});
