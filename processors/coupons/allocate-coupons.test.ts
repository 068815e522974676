/** The decision about a round, against the fake that decides one record after the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Issue, OwnedVerdict } from "./coupon-ports.ts";
import { Poison } from "../../engine/errors.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { type MemoryDatabase, memoryCouponBook, memoryDatabase } from "../memory/memory-database.ts";
import { aCoupon, aMoment, anIssue } from "../testing/samples.ts";
import { allocateCoupons, holderKey, type Known } from "./allocate-coupons.ts";

const known = (changes: Partial<Known> = {}): Known => ({
  remaining: new Map(),
  verdicts: new Map(),
  holders: new Map(),
  ...changes,
});

test("decide-round: writes nothing when there is nothing to decide", () => {
  assert.deepEqual(allocateCoupons([], known()), { answers: [], issued: [], refused: [], remaining: new Map() });
});

test("decide-round: does not change what it was given as known", () => {
  const issue = anIssue("c" as CouponId);
  const given = known({ remaining: new Map([[issue.couponId, 1]]) });
  allocateCoupons([issue, anIssue(issue.couponId)], given);
  assert.deepEqual(given, known({ remaining: new Map([[issue.couponId, 1]]) }));
});

test("decide-round: refuses by the time of the request", () => {
  const issue = anIssue("c" as CouponId, { issuedAt: aMoment + 7 });
  const { refused } = allocateCoupons([issue], known({ remaining: new Map([[issue.couponId, 0]]) }));
  const { couponId, userId, reservationId } = issue;
  assert.deepEqual(refused, [{ couponId, userId, reservationId, reason: "SOLD_OUT", refusedAt: aMoment + 7 }]);
});

test("decide-round: refuses a coupon that its user has already when the round gave the user another one before", () => {
  const [first, second] = ["c0", "c1"] as readonly string[] as readonly [CouponId, CouponId];
  const { userId } = anIssue(first);
  const holders = new Map([[holderKey(second, userId), "r" as ReservationId]]);
  const remaining = new Map([first, second].map((couponId) => [couponId, 5]));
  const asked = [first, second, first, second].map((couponId) => anIssue(couponId, { userId }));
  const { answers } = allocateCoupons(asked, known({ remaining, holders }));
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ["issued", "duplicate", "duplicate", "duplicate"],
  );
});

test("holder-key: differs when coupon and user differ, wherever the border between them is", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 5 });
  const pairs = fc.tuple(text, text, text, text).filter(([a, b, c, d]) => a !== c || b !== d);
  fc.assert(
    fc.property(pairs, ([a, b, c, d]) => {
      assert.notEqual(holderKey(a as CouponId, b as UserId), holderKey(c as CouponId, d as UserId));
    }),
    { examples: [[["a", "b c", "a b", "c"]], [["1 a", "b", "1", "a b"]]] },
  );
});

// Few ids, so that rounds are full of copies, duplicates and reused reservations.
const couponIds = ["c0", "c1", "c2"] as readonly string[] as readonly CouponId[];
const arbitraryIssue = fc
  .record({ coupon: fc.nat(3), user: fc.nat(4), reservation: fc.nat(9), at: fc.nat(3) })
  .map(({ coupon, user, reservation, at }) =>
    anIssue((couponIds[coupon] ?? "c-none") as CouponId, {
      userId: `u${user}` as UserId,
      reservationId: `r${reservation}` as ReservationId,
      issuedAt: aMoment + at,
      expiresAt: aMoment + at + 1,
    }),
  );
const arbitraryRounds = fc.record({
  stocks: fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)),
  rounds: fc.array(fc.array(arbitraryIssue, { maxLength: 12 }), { maxLength: 4 }),
});

const knownTo = ({ remaining, verdicts, holders }: MemoryDatabase): Known => ({
  remaining: new Map(remaining),
  verdicts: new Map(verdicts),
  holders: new Map(
    [...holders].map(([pair, reservationId]) => {
      const [couponId, userId] = JSON.parse(pair) as [CouponId, UserId];
      return [holderKey(couponId, userId), reservationId];
    }),
  ),
});

/** What the book says to a round, or which record it calls poison. */
const orPoison = async <T>(decide: () => T | Promise<T>): Promise<T | string> => {
  try {
    return await decide();
  } catch (error) {
    if (error instanceof Poison) return `${error.code} ${error.idempotencyKey}`;
    throw error;
  }
};

/** The verdicts and stock a decision leaves behind. */
const after = (
  before: Known,
  issued: readonly Issue[],
  refused: readonly OwnedVerdict[],
  ids: readonly ReservationId[],
) => {
  const remaining = new Map(before.remaining);
  for (const { couponId } of issued) remaining.set(couponId, (remaining.get(couponId) ?? 0) - 1);
  const verdicts = new Map(before.verdicts);
  for (const { reservationId, couponId, userId, policyId, issuedAt, expiresAt } of issued) {
    verdicts.set(reservationId, { kind: "issued", couponId, userId, policyId, issuedAt, expiresAt });
  }
  refused.forEach((verdict, at) => {
    verdicts.set(ids[at] ?? assert.fail(), verdict);
  });
  return { remaining, verdicts };
};

test("decide-round: decides as one by one would, whatever is known and however the round repeats itself", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryRounds, async ({ stocks, rounds }) => {
      const database = memoryDatabase(
        ...stocks.map((stock, at) => aCoupon(stock, { couponId: couponIds[at] ?? assert.fail() })),
      );
      const book = memoryCouponBook(database);
      for (const round of rounds) {
        const before = knownTo(database);
        const expected = await orPoison(async () => (await book.issue(round)).answers);
        const decision = await orPoison(() => allocateCoupons(round, before));
        if (typeof decision === "string") {
          assert.equal(decision, expected);
          continue;
        }
        assert.deepEqual(decision.answers, expected);
        const { issued, refused } = decision;
        const verdicts = refused.map(
          ({ reservationId: _id, ...refusal }): OwnedVerdict => ({ kind: "refused", ...refusal }),
        );
        const left = after(
          before,
          issued,
          verdicts,
          refused.map(({ reservationId }) => reservationId),
        );
        assert.deepEqual(left.remaining, database.remaining);
        assert.deepEqual(left.verdicts, database.verdicts);
        const written = [...issued, ...refused].map(({ reservationId }) => reservationId);
        assert.equal(new Set(written).size, written.length, "no reservation is written twice");
      }
    }),
    { numRuns: 2_000 },
  );
});
