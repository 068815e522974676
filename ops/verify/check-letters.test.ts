/** What the verifier says of dead letters and replays: what waits is pending, what is settled without a verdict is broken. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { standingsOf } from "../../engine/dlq/letters/state.ts";
import { aLetter, aRetry } from "../../engine/dlq/testing/samples.ts";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type { CouponId, CouponIssueRequested, PolicyId, ReservationId, UserId } from "../../schemas/coupon.ts";
import type { PaymentId } from "../../schemas/payment.ts";
import { checkCoupons } from "./check.ts";
import type { CouponFacts } from "./facts.ts";
import { type LetterFacts, letterFacts, letterWarnings, noLetters, retriesStandForLetters } from "./letters.ts";

const id = (n: number) => `r-${n}` as ReservationId;
const request = (n: number): CouponIssueRequested => ({
  reservationId: id(n),
  couponId: "c" as CouponId,
  userId: `u-${n}` as UserId,
  policyId: null,
  requestedAt: 1,
});
const own = { couponId: "c" as CouponId, policyId: "p" as PolicyId };
const issued = (n: number): OwnedVerdict => ({
  kind: "issued",
  ...own,
  userId: `u-${n}` as UserId,
  issuedAt: 1,
  expiresAt: 2,
});
const soldOut = (n: number): OwnedVerdict => ({
  kind: "refused",
  ...own,
  userId: `u-${n}` as UserId,
  reason: "SOLD_OUT",
  refusedAt: 1,
});

/** Two asked for one unit; the first is a dead letter, and the second got it. */
const facts = (letters: Partial<LetterFacts<ReservationId>>): CouponFacts => ({
  accepted: new Map([1, 2].map((n) => [id(n), { request: request(n), partition: 0, offset: BigInt(n) }])),
  issued: new Map([[id(2), issued(2)]]),
  refused: new Map(),
  coupons: new Map([["c" as CouponId, { couponId: "c" as CouponId, stock: 1, remaining: 0 }]]),
  counters: new Map([["c" as CouponId, 0]]),
  foreign: new Set<CouponId>(),
  marks: new Map([["c" as CouponId, 0]]),
  publishedIssued: new Map([[id(2), { ...request(2), policyId: "p" as PolicyId, issuedAt: 1, expiresAt: 2 }]]),
  publishedRefused: new Map(),
  publishedCompensations: [],
  topicsSince: { requests: 0, issued: 0, refused: 0 },
  group: { id: "g", committed: [9n] },
  deadLetters: 1,
  letters: { ...noLetters, ...letters },
});
const found = (of: CouponFacts): readonly string[] =>
  checkCoupons(of).flatMap(({ claim, broken, pending }) => [
    ...(broken > 0 ? [`${claim}: broken ${broken}`] : []),
    ...(pending > 0 ? [`${claim}: pending ${pending}`] : []),
  ]);

test("verify: is pending, as a claim of its own, when a letter without a verdict waits", () => {
  assert.deepEqual(found(facts({ waiting: new Set([id(1)]), open: 1 })), [
    "no accepted request waits as a dead letter: pending 1",
  ]);
});

test("verify: is neither broken nor pending when somebody discarded the letter", () => {
  assert.deepEqual(found(facts({ discarded: new Set([id(1)]) })), []);
});

test("verify: is broken when a letter was resolved and there is no verdict", () => {
  assert.deepEqual(found(facts({ replayed: new Set([id(1)]) })), ["every accepted request has one verdict: broken 1"]);
});

test("verify: does not hold against first come, first served what was decided at its replay", () => {
  const decided = (letters: Partial<LetterFacts<ReservationId>>) => ({
    ...facts(letters),
    refused: new Map([[id(1), soldOut(1)]]),
    publishedRefused: new Map([[id(1), { ...request(1), reason: "SOLD_OUT" as const, refusedAt: 1 }]]),
  });
  assert.deepEqual(found(decided({ replayed: new Set([id(1)]) })), []);
  assert.deepEqual(found(decided({})), ["first come, first served, by offset: broken 1"]);
});

test("verify: calls what a waiting letter holds pending", () => {
  const held = { ...facts({ waiting: new Set([id(1)]), open: 1 }), counters: new Map([["c" as CouponId, -1]]) };
  assert.deepEqual(found({ ...held, marks: new Map([["c" as CouponId, 1]]) }), [
    "no accepted request waits as a dead letter: pending 1",
    "the counter equals the database: pending 1",
    "the gate holds no unit without a request in flight: pending 1",
  ]);
});

test("verify: is broken when a retry record stands for no letter", () => {
  assert.deepEqual(
    found(facts({ discarded: new Set([id(1)]), retries: 2, strays: ["shop.retry/0/1 stands for no letter"] })),
    ["every retry record stands for a dead letter: broken 1"],
  );
});

test("verify: names records of the retry topic that are not ours alike in two looks when there are more of them", () => {
  const names = (strangers: number) => [...(retriesStandForLetters({ ...noLetters, strangers }).found?.() ?? [])];
  assert.deepEqual(names(2), ["record(s) of the retry topic are not ours"]);
  assert.deepEqual(names(3), names(2));
});

test("verify: names more retry records without a letter than it shows", () => {
  const strays = Array.from({ length: 20 }, (_, n) => `shop.retry/0/${n} stands for no letter`);
  const { broken, examples, found: names } = retriesStandForLetters({ ...noLetters, strays });
  assert.deepEqual([broken, examples.length, names?.().size], [20, 5, 20]);
});

const read = (over: { readonly retries?: readonly ReturnType<typeof aRetry>[]; readonly trimmed?: bigint } = {}) => {
  const letters = [1, 2, 3, 4].map((offset) => aLetter(offset));
  const { retries = [aRetry(2), aRetry(3)], trimmed = 0n } = over;
  const committed = [undefined, 3n];
  const discards = new Set(["in/1/4@1000"]);
  const standings = standingsOf({ letters, retries, committed, discards, finishedJobs: new Set() });
  const ends = { letterEnds: [], retryEnds: [], strangers: 0, knowsJobs: true };
  const ids = new Map(letters.slice(1).map((letter) => [letter, `p-${letter.origin.offset}` as PaymentId]));
  return { read: { standings, retries, committed, trimmed, ...ends }, ids };
};

test("letterFacts: sorts records by what became of their letters, also one whose letter has no value", () => {
  const sorted = letterFacts(read(), (_, offset) => (offset === 1n ? ("p-1" as PaymentId) : undefined));
  assert.deepEqual([...sorted.waiting].toSorted(), ["p-1", "p-3"]);
  assert.deepEqual([[...sorted.discarded], [...sorted.replayed].toSorted()], [["p-4"], ["p-2", "p-3"]]);
  assert.deepEqual([sorted.open, sorted.pending, sorted.retries, sorted.copies, sorted.strays], [1, 1, 2, 0, []]);
  assert.deepEqual(letterWarnings(sorted, "shop"), [
    "1 dead letter(s) of shop are open: sluice dlq groups --topology shop",
  ]);
});

test("letterFacts: counts copies apart, and names retry records without a letter unless letters were deleted", () => {
  const retries = [aRetry(2), aRetry(2, { at: 5n }), aRetry(2, { attempt: 2, at: 6n }), aRetry(77, { at: 7n })];
  const { copies, strays } = letterFacts(read({ retries }), () => undefined);
  assert.deepEqual(
    [copies, strays],
    [1, ["shop.retry/1/6 stands for no letter", "shop.retry/1/7 stands for no letter"]],
  );
  assert.deepEqual(letterFacts(read({ retries, trimmed: 1n }), () => undefined).strays, []);
});
