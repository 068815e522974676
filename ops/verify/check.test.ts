/** The verifier must be able to fail: every claim, broken once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type {
  CouponCompensated,
  CouponId,
  CouponIssueRequested,
  PolicyId,
  RefusalReason,
  ReservationId,
  UserId,
} from "../../schemas/coupon.ts";
import { checkCoupons, unbalanced } from "./check.ts";
import { isSound } from "./claim.ts";
import type { CouponFacts } from "./facts.ts";
import { reportCoupons } from "./report.ts";

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

const back = (n: number, reason: string): CouponCompensated => ({
  reservationId: id(n),
  couponId: coupon,
  undo: "release-stock",
  reason,
  compensatedAt: 1,
});
const ask = (n: number) => ({ request: requested(n), partition: 0, offset: BigInt(n) });

/** Three asked for two units; the third came too late. */
const sound = () => {
  const facts = {
    accepted: new Map([1, 2, 3].map((n) => [id(n), ask(n)])),
    issued: new Map([1, 2].map((n) => [id(n), issued(n)])),
    refused: new Map([[id(3), refused(3)]]),
    coupons: new Map([[coupon, { couponId: coupon, stock: 2, remaining: 0 }]]),
    counters: new Map([[coupon, 0]]),
    foreign: new Set<CouponId>(),
    marks: new Map([[coupon, 0]]),
    publishedCompensations: [back(3, "exhausted")],
    group: { id: "g", committed: [4n] as (bigint | undefined)[] },
    publishedIssued: new Map(
      [1, 2].map((n) => [id(n), { ...requested(n), policyId: "p" as PolicyId, issuedAt: 1, expiresAt: 2 }]),
    ),
    publishedRefused: new Map([[id(3), { ...requested(3), reason: "SOLD_OUT" as RefusalReason, refusedAt: 1 }]]),
    deadLetters: 0,
    topicsSince: { requests: 0, issued: 0, refused: 0 },
  };
  return facts satisfies CouponFacts;
};

const brokenClaims = (facts: CouponFacts): readonly string[] =>
  checkCoupons(facts).flatMap(({ claim, broken }) => (broken > 0 ? [claim] : []));

test("verify: counts apart what is older than the oldest record of a topic, and breaks on what is not", () => {
  const facts = { ...sound(), accepted: new Map(), publishedIssued: new Map(), publishedRefused: new Map() };
  // Verdicts of time 1 without any record: gone where the topics begin at 2, lost where they begin at 1 or earlier.
  const since = (at: number) => checkCoupons({ ...facts, topicsSince: { requests: at, issued: at, refused: at } });
  const older = since(2).flatMap(({ claim, older: number, broken }) =>
    number === undefined ? [] : [[claim, number, broken]],
  );
  assert.deepEqual(older, [
    ["every verdict belongs to an accepted request", 3, 0],
    ["every verdict was published as it is", 3, 0],
    ["a unit that was given back was that of a refused request", 1, 0],
  ]);
  assert.ok(isSound(since(2)));
  for (const at of [0, 1]) {
    const broken = since(at).flatMap((one) => (one.broken > 0 ? [one.broken] : []));
    assert.deepEqual(broken, [3, 3, 1]);
  }
});

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

test("verify: names the claim when a verdict has no request", () => {
  const facts = sound();
  facts.refused.set(id(9), refused(9));
  assert.ok(brokenClaims(facts).includes("every verdict belongs to an accepted request"));
});

const balance = "issued = stock taken, never more than there are";
/** A third row was written after the stock was read. */
const betweenReads = (): CouponFacts => ({
  ...sound(),
  coupons: new Map([[coupon, { couponId: coupon, stock: 9, remaining: 8 }]]),
  counters: new Map([[coupon, 8]]),
});
const namesOf = (facts: CouponFacts, of: string): readonly string[] => [
  ...(checkCoupons(facts)
    .find(({ claim }) => claim === of)
    ?.found?.() ?? []),
];

test("verify: names the claim when more or fewer are issued than stock was taken", () => {
  const facts = sound();
  facts.coupons.set(coupon, { couponId: coupon, stock: 2, remaining: 1 });
  assert.ok(brokenClaims(facts).includes("issued = stock taken, never more than there are"));
});

test("verify: names the claim when more or fewer are issued than taken, or more than there are, at one moment", () => {
  for (const row of [
    { stock: 2, remaining: 1, issued: 2 },
    { stock: 2, remaining: 0, issued: 1 },
    { stock: 2, remaining: -1, issued: 3 },
  ])
    assert.deepEqual(brokenClaims({ ...betweenReads(), taken: new Map([[coupon, { couponId: coupon, ...row }]]) }), [
      balance,
    ]);
});

test("verify: finds nothing when a coupon that was issued between two reads is in balance at one moment", () => {
  const row = { couponId: coupon, stock: 9, remaining: 6, issued: 3 };
  assert.deepEqual(brokenClaims(betweenReads()), [balance]);
  assert.deepEqual(brokenClaims({ ...betweenReads(), taken: new Map([[coupon, row]]) }), []);
});

test("verify: reads again at one moment what seems to be issued more or less than taken, or oversold, and no other", () => {
  const { coupons, issued: rows } = sound();
  assert.deepEqual(unbalanced(coupons, rows), []);
  for (const changes of [
    { stock: 2, remaining: 1 },
    { stock: 1, remaining: -1 },
  ])
    assert.deepEqual(unbalanced(new Map([[coupon, { couponId: coupon, ...changes }]]), rows), [
      { couponId: coupon, ...changes, issued: 2 },
    ]);
});

test("verify: names an oversold coupon alike in two looks when it was asked for and issued between them", () => {
  const look = (asked: number): CouponFacts => ({
    ...betweenReads(),
    accepted: new Map(Array.from({ length: asked }, (_, n) => [id(n + 1), ask(n + 1)])),
    taken: new Map([[coupon, { couponId: coupon, stock: 2, remaining: 2 - asked, issued: asked }]]),
  });
  assert.deepEqual(namesOf(look(3), balance), [coupon]);
  assert.deepEqual(namesOf(look(4), balance), namesOf(look(3), balance));
});

test("verify: names a request that was sold out too early alike in two looks when a later one was issued between them", () => {
  const look = (last: number): CouponFacts => ({
    ...sound(),
    accepted: new Map([1, 2, 3, 4].map((n) => [id(n), ask(n)])),
    issued: new Map([[id(last), issued(last)]]),
    refused: new Map([[id(1), refused(1)]]),
  });
  const claim = "first come, first served, by offset";
  assert.deepEqual([namesOf(look(3), claim), namesOf(look(4), claim)], [[id(1)], [id(1)]]);
});

test("verify: names the claim when a user has a coupon twice", () => {
  const facts = sound();
  facts.issued.set(id(2), issued(1));
  assert.deepEqual(brokenClaims(facts), ["no user has a coupon twice"]);
});

test("verify: names the claim when a later request was served first", () => {
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

test("verify: names the key when it is not the gate's, also while a request of its coupon is not decided", () => {
  const facts = sound();
  facts.counters.delete(coupon);
  facts.foreign.add(coupon);
  facts.accepted.set(id(4), ask(4));
  const found = checkCoupons(facts).find(({ claim }) => claim === "the counter equals the database");
  assert.deepEqual([found?.broken, found?.pending], [1, 0]);
  assert.match(String(found?.examples[0]), /^c: its key sluice:gate:\{c\} in Redis is not the gate's/);
});

test("verify: says that a counter is no number, and names no key to delete, when its hash holds another text", () => {
  const facts = sound();
  facts.counters.set(coupon, Number.NaN);
  const found = checkCoupons(facts).find(({ claim }) => claim === "the counter equals the database");
  assert.deepEqual(found?.examples, ["c: counter is no number, database 0"]);
});

test("verify: names the claim when a verdict was not published, or published with other contents", () => {
  const silent = sound();
  silent.publishedIssued.delete(id(1));
  assert.deepEqual(brokenClaims(silent), ["every verdict was published as it is"]);
  const wrong = sound();
  wrong.publishedRefused.set(id(3), { ...requested(3), reason: "CLOSED", refusedAt: 1 });
  assert.deepEqual(brokenClaims(wrong), ["every verdict was published as it is"]);
  const both = sound();
  both.publishedRefused.set(id(1), { ...requested(1), reason: "SOLD_OUT", refusedAt: 1 });
  assert.deepEqual(brokenClaims(both), ["every verdict was published as it is"]);
});

test("verify: names the claim when a unit is in flight and no request is", () => {
  const facts = sound();
  facts.marks.set(coupon, 2);
  const broken = checkCoupons(facts).filter((check) => !isSound([check]));
  assert.deepEqual(
    broken.map(({ claim, examples }) => [claim, examples]),
    [["the gate holds no unit without a request in flight", [`${coupon}: 2 unit(s) in flight, and no request`]]],
  );
});

test("verify: names the claim when a unit was published as given back that was not, or for another reason", () => {
  const claim = "a unit that was given back was that of a refused request";
  for (const event of [back(1, "exhausted"), back(3, "duplicate"), back(9, "exhausted"), back(1, "refusedBefore")]) {
    const facts = sound();
    facts.publishedCompensations.push(event);
    assert.deepEqual(brokenClaims(facts), [claim]);
  }
  // The id of an issued request was used for another one, which is a dead letter.
  const reused = sound();
  reused.publishedCompensations.push(back(1, "RESERVATION_REUSED"), back(3, "refusedBefore"));
  assert.deepEqual(brokenClaims(reused), []);
});

test("verify: calls requests pending, and what they hold, when the group has not processed them yet", () => {
  const facts = sound();
  facts.accepted.set(id(4), ask(4));
  facts.counters.set(coupon, -1);
  facts.marks.set(coupon, 1);
  const checks = checkCoupons(facts);
  assert.deepEqual(brokenClaims(facts), []);
  assert.equal(isSound(checks), false);
  assert.deepEqual(
    checks.flatMap(({ claim, pending }) => (pending > 0 ? [[claim, pending]] : [])),
    [
      ["every accepted request has one verdict", 1],
      ["the counter equals the database", 1],
      ["the gate holds no unit without a request in flight", 1],
    ],
  );
});

test("verify: calls a request lost when the group has passed it, or is another one than those who decided", () => {
  const claims = ["every accepted request has one verdict"];
  const passed = sound();
  passed.accepted.set(id(4), ask(4));
  passed.group.committed = [5n];
  assert.deepEqual(brokenClaims(passed), claims);
  const other = sound();
  other.accepted.set(id(4), ask(4));
  other.group.committed = [undefined];
  assert.deepEqual(brokenClaims(other), claims);
  const untouched = sound();
  untouched.accepted.set(id(4), { ...ask(4), partition: 1 });
  assert.deepEqual(brokenClaims(untouched), []);
});

test("verify: reports of each coupon what topic, database and Redis have", () => {
  const facts = sound();
  facts.accepted.set(id(4), ask(4));
  facts.marks.set(coupon, 2);
  const other = "d" as CouponId;
  facts.coupons.set(other, { couponId: other, stock: 7, remaining: 7 });
  const wrong = "w" as CouponId;
  facts.coupons.set(wrong, { couponId: wrong, stock: 1, remaining: 1 });
  facts.foreign.add(wrong);
  const garbled = "x" as CouponId;
  facts.coupons.set(garbled, { couponId: garbled, stock: 1, remaining: 1 });
  facts.counters.set(garbled, Number.NaN);
  assert.deepEqual(reportCoupons(facts), [
    {
      ...{ couponId: coupon, stock: 2, remaining: 0, issued: 2, counter: 0 },
      ...{ wrongKey: false, marks: 2, pending: 1 },
    },
    {
      ...{ couponId: other, stock: 7, remaining: 7, issued: 0, counter: null },
      ...{ wrongKey: false, marks: 0, pending: 0 },
    },
    {
      ...{ couponId: wrong, stock: 1, remaining: 1, issued: 0, counter: null },
      ...{ wrongKey: true, marks: 0, pending: 0 },
    },
    {
      ...{ couponId: garbled, stock: 1, remaining: 1, issued: 0, counter: null },
      ...{ wrongKey: false, marks: 0, pending: 0 },
    },
  ]);
});
