/** What every {@link CouponBook} does, the real one and the fake. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CouponBook,
  CouponCatalog,
  CouponRegister,
  Issue,
  IssueAnswer,
  Verdict,
  VerdictLookup,
} from "../../processors/coupons/coupon-ports.ts";
import { Poison } from "../../engine/errors.ts";
import type { CouponId, UserId } from "../../schemas/coupon.ts";
import {
  aCoupon,
  aCouponId,
  aMoment,
  anIssue,
  aRefusal,
  aReservationId,
  aUserId,
  hostileIds,
  many,
} from "../../processors/testing/samples.ts";

/** A book, with the ports that fill it and look into it. */
export interface BookSubject {
  readonly book: CouponBook;
  readonly register: CouponRegister;
  readonly catalog: CouponCatalog;
  readonly lookup: VerdictLookup;
}

const exhausted: IssueAnswer = { kind: "exhausted" };
const duplicate: IssueAnswer = { kind: "duplicate" };
const soldOut: IssueAnswer = { kind: "decided", reason: "SOLD_OUT" };
const issued = ({ issuedAt, expiresAt }: Issue): IssueAnswer => ({ kind: "issued", issuedAt, expiresAt });
const refusedAs = (reason: "SOLD_OUT" | "DUPLICATE" | "CLOSED", refusedAt = aMoment): Verdict => ({
  kind: "refused",
  reason,
  refusedAt,
});

/** Registers the suite. `subject` is called inside each test. */
export const couponBookContract = (name: string, subject: () => BookSubject): void => {
  const says = (what: string, body: (subject: BookSubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));
  const opened = async ({ register }: BookSubject, stock: number): Promise<CouponId> => {
    const coupon = aCoupon(stock);
    assert.equal(await register.open(coupon), "opened");
    return coupon.couponId;
  };
  const left = async ({ catalog }: BookSubject, couponId: CouponId) =>
    (await catalog.remaining([couponId])).get(couponId);

  says("issues exactly the first that fit, and refuses the rest as sold out", async (all) => {
    const couponId = await opened(all, 3);
    const issues = many(5, () => anIssue(couponId));
    const { answers } = await all.book.issue(issues);
    assert.deepEqual(answers, [...issues.slice(0, 3).map(issued), exhausted, exhausted]);
    assert.equal(await left(all, couponId), 0);
    const verdicts = await all.lookup.find(issues.map(({ reservationId }) => reservationId));
    const kinds = issues.map(({ reservationId }) => verdicts.get(reservationId)?.kind);
    assert.deepEqual(kinds, ["issued", "issued", "issued", "refused", "refused"]);
  });

  says("issues all when they just fit, and none when nothing is left", async (all) => {
    const couponId = await opened(all, 2);
    const issues = many(2, () => anIssue(couponId));
    assert.deepEqual((await all.book.issue(issues)).answers, issues.map(issued));
    assert.deepEqual((await all.book.issue([anIssue(couponId)])).answers, [exhausted]);
    assert.equal(await left(all, couponId), 0);
  });

  says("answers the same with the first times and takes nothing when a round comes again", async (all) => {
    const couponId = await opened(all, 5);
    const round = many(3, () => anIssue(couponId));
    const { answers } = await all.book.issue(round);
    const later = round.map((issue) => ({ ...issue, issuedAt: aMoment + 5, expiresAt: aMoment + 6 }));
    assert.deepEqual((await all.book.issue(later)).answers, answers);
    assert.equal(await left(all, couponId), 2);
  });

  says("keeps a refusal when a sold-out round comes again", async (all) => {
    const couponId = await opened(all, 1);
    const round = many(3, () => anIssue(couponId));
    await all.book.issue(round);
    const { answers: again } = await all.book.issue(round);
    assert.deepEqual(again, [...round.slice(0, 1).map(issued), soldOut, soldOut]);
  });

  says("takes only for what is new when a round is half known", async (all) => {
    const couponId = await opened(all, 4);
    const [known, ...fresh] = many(5, () => anIssue(couponId));
    assert.ok(known);
    await all.book.issue([known]);
    const round = [...fresh.slice(0, 2), known, ...fresh.slice(2)];
    const expected = [...fresh.slice(0, 2).map(issued), issued(known), ...fresh.slice(2, 3).map(issued), exhausted];
    assert.deepEqual((await all.book.issue(round)).answers, expected);
    assert.equal(await left(all, couponId), 0);
  });

  says("lets the first of a user win inside a round, and gives the unit to the next", async (all) => {
    const couponId = await opened(all, 2);
    const first = anIssue(couponId);
    const second = anIssue(couponId, { userId: first.userId });
    const third = anIssue(couponId);
    const { answers } = await all.book.issue([first, second, third, anIssue(couponId)]);
    assert.deepEqual(answers, [issued(first), duplicate, issued(third), exhausted]);
    const verdicts = await all.lookup.find([second.reservationId]);
    const { couponId: _coupon, userId: _user, ...verdict } = verdicts.get(second.reservationId) ?? assert.fail();
    assert.deepEqual(verdict, refusedAs("DUPLICATE"));
  });

  says("answers a duplicate when the user holds the coupon from an earlier round, sold out or not", async (all) => {
    const couponId = await opened(all, 2);
    const first = anIssue(couponId);
    await all.book.issue([first]);
    assert.deepEqual((await all.book.issue([anIssue(couponId, { userId: first.userId })])).answers, [duplicate]);
    assert.equal(await left(all, couponId), 1);
    await all.book.issue([anIssue(couponId)]);
    const again = anIssue(couponId, { userId: first.userId });
    assert.deepEqual((await all.book.issue([again])).answers, [duplicate]);
    assert.deepEqual((await all.book.issue([again])).answers, [{ kind: "decided", reason: "DUPLICATE" }]);
  });

  says("answers a user who has the coupon so, and not that it is sold out", async (all) => {
    const couponId = await opened(all, 1);
    const first = anIssue(couponId);
    assert.deepEqual((await all.book.issue([first])).answers, [issued(first)]);
    const round = [anIssue(couponId), anIssue(couponId, { userId: first.userId })];
    assert.deepEqual((await all.book.issue(round)).answers, [exhausted, duplicate]);
  });

  says("keeps an earlier refusal when the user is issued the coupon in the same round", async (all) => {
    const couponId = await opened(all, 5);
    const refusal = aRefusal(couponId, { reason: "CLOSED" });
    await all.book.refuse([refusal]);
    const { userId, reservationId } = refusal;
    const first = anIssue(couponId, { userId });
    const { answers } = await all.book.issue([first, anIssue(couponId, { userId, reservationId })]);
    assert.deepEqual(answers, [issued(first), { kind: "decided", reason: "CLOSED" }]);
    assert.equal(await left(all, couponId), 4);
  });

  says("issues once when a reservation is twice in a round", async (all) => {
    const couponId = await opened(all, 2);
    const issue = anIssue(couponId);
    const copy = { ...issue, issuedAt: aMoment + 1, expiresAt: aMoment + 2 };
    assert.deepEqual((await all.book.issue([issue, copy])).answers, [issued(issue), issued(issue)]);
    assert.equal(await left(all, couponId), 1);
  });

  says("decides a refused copy as decided when a reservation is twice in a sold-out round", async (all) => {
    const couponId = await opened(all, 1);
    const [winner, loser] = [anIssue(couponId), anIssue(couponId)];
    assert.deepEqual((await all.book.issue([winner, loser, loser])).answers, [issued(winner), exhausted, soldOut]);
  });

  says("keeps coupons apart when they are mixed in a round", async (all) => {
    const [plenty, scarce] = [await opened(all, 10), await opened(all, 1)];
    const userId = aUserId();
    const round = [plenty, scarce, plenty, scarce].map((couponId, at) => anIssue(couponId, at < 2 ? { userId } : {}));
    const [a, b, c] = round;
    assert.ok(a && b && c);
    assert.deepEqual((await all.book.issue(round)).answers, [issued(a), issued(b), issued(c), exhausted]);
    assert.equal(await left(all, plenty), 8);
    assert.equal(await left(all, scarce), 0);
  });

  says("decides a round of 1,000 at the boundary", async (all) => {
    const couponId = await opened(all, 600);
    const round = many(1_000, () => anIssue(couponId));
    const { answers } = await all.book.issue(round);
    assert.deepEqual(answers, [...round.slice(0, 600).map(issued), ...round.slice(600).map(() => exhausted)]);
    assert.equal(await left(all, couponId), 0);
  });

  says("decides a round of 1,000 in which every tenth user asks twice", async (all) => {
    const couponId = await opened(all, 950);
    const users = many(900, aUserId);
    const round = many(1_000, (at) => anIssue(couponId, { userId: users[at % 900] ?? assert.fail() }));
    const { answers } = await all.book.issue(round);
    assert.deepEqual(answers, [...round.slice(0, 900).map(issued), ...round.slice(900).map(() => duplicate)]);
    assert.equal(await left(all, couponId), 50);
  });

  says("issues from a hundred coupons in one round", async (all) => {
    const couponIds: CouponId[] = [];
    for (let count = 0; count < 100; count++) couponIds.push(await opened(all, 1));
    const round = [...couponIds, ...couponIds].map((couponId) => anIssue(couponId));
    const { answers } = await all.book.issue(round);
    assert.deepEqual(answers, [...round.slice(0, 100).map(issued), ...round.slice(100).map(() => exhausted)]);
  });

  says("does nothing when asked for nothing", async ({ book, lookup, catalog }) => {
    assert.deepEqual(await book.issue([]), { answers: [], remaining: new Map() });
    assert.deepEqual(await book.refuse([]), []);
    assert.equal((await lookup.find([])).size, 0);
    assert.equal((await catalog.find([])).size, 0);
    assert.equal((await catalog.remaining([])).size, 0);
  });

  says("makes refusals durable, of a coupon that does not exist too", async ({ book, lookup }) => {
    const refusal = aRefusal(aCouponId(), { reason: "UNKNOWN_COUPON" });
    const { couponId, userId, reservationId, reason, refusedAt } = refusal;
    assert.deepEqual(await book.refuse([refusal]), [{ kind: "refused", reason, refusedAt }]);
    const found = await lookup.find([reservationId, aReservationId()]);
    assert.deepEqual([...found], [[reservationId, { kind: "refused", couponId, userId, reason, refusedAt }]]);
  });

  says("keeps the first refusal when it is refused again for another reason", async ({ book }) => {
    const refusal = aRefusal(aCouponId(), { reason: "CLOSED" });
    await book.refuse([refusal]);
    const later = { ...refusal, reason: "SOLD_OUT", refusedAt: aMoment + 9 } as const;
    const other = aRefusal(aCouponId());
    assert.deepEqual(await book.refuse([other, later]), [refusedAs("SOLD_OUT"), refusedAs("CLOSED")]);
  });

  says("keeps the first of two refusals of one reservation in a round", async ({ book }) => {
    const refusal = aRefusal(aCouponId(), { reason: "CLOSED" });
    const round = [refusal, { ...refusal, reason: "SOLD_OUT" } as const];
    assert.deepEqual(await book.refuse(round), [refusedAs("CLOSED"), refusedAs("CLOSED")]);
  });

  says("answers the issued verdict when an issued reservation is refused", async (all) => {
    const couponId = await opened(all, 1);
    const issue = anIssue(couponId);
    await all.book.issue([issue]);
    const verdicts = await all.book.refuse([aRefusal(couponId, issue), aRefusal(couponId)]);
    const { policyId, issuedAt, expiresAt } = issue;
    assert.deepEqual(verdicts, [{ kind: "issued", policyId, issuedAt, expiresAt }, refusedAs("SOLD_OUT")]);
    const found = await all.lookup.find([issue.reservationId]);
    assert.equal(found.get(issue.reservationId)?.kind, "issued");
  });

  says("refuses as a duplicate, and not as sold out, a user who has the coupon", async (all) => {
    const couponId = await opened(all, 2);
    const [first, second] = [anIssue(couponId), anIssue(couponId)];
    await all.book.issue([first, second]);
    const again = aRefusal(couponId, { userId: first.userId });
    const round = [again, aRefusal(couponId), aRefusal(couponId, { userId: second.userId, reason: "CLOSED" })];
    const { policyId, issuedAt, expiresAt } = second;
    const expected = [refusedAs("DUPLICATE"), refusedAs("SOLD_OUT"), refusedAs("CLOSED")];
    assert.deepEqual(await all.book.refuse(round), expected);
    assert.deepEqual(await all.book.refuse([...round, aRefusal(couponId, second)]), [
      ...expected,
      { kind: "issued", policyId, issuedAt, expiresAt },
    ]);
    const found = await all.lookup.find([again.reservationId]);
    assert.deepEqual(found.get(again.reservationId), { ...refusedAs("DUPLICATE"), couponId, userId: first.userId });
  });

  says("answers what is left of each coupon of a round", async (all) => {
    const [couponId, other] = [await opened(all, 5), await opened(all, 1)];
    const round = [anIssue(couponId), anIssue(other), anIssue(couponId), anIssue(other)];
    const left = new Map([
      [couponId, 3],
      [other, 0],
    ]);
    assert.deepEqual((await all.book.issue(round)).remaining, left);
    assert.deepEqual((await all.book.issue(round)).remaining, left);
  });

  says("answers decided and takes nothing when a refused reservation is issued", async (all) => {
    const couponId = await opened(all, 2);
    const refusal = aRefusal(couponId, { reason: "CLOSED" });
    await all.book.refuse([refusal]);
    const { userId, reservationId } = refusal;
    const fresh = anIssue(couponId);
    const { answers } = await all.book.issue([anIssue(couponId, { userId, reservationId }), fresh]);
    assert.deepEqual(answers, [{ kind: "decided", reason: "CLOSED" }, issued(fresh)]);
    assert.equal(await left(all, couponId), 1);
  });

  says("answers decided when what is issued was refused because its coupon does not exist", async ({ book }) => {
    const couponId = aCouponId();
    const refusal = aRefusal(couponId, { reason: "UNKNOWN_COUPON" });
    await book.refuse([refusal]);
    const { userId, reservationId } = refusal;
    const { answers } = await book.issue([anIssue(couponId, { userId, reservationId })]);
    assert.deepEqual(answers, [{ kind: "decided", reason: "UNKNOWN_COUPON" }]);
  });

  says("finds the verdicts there are with whose they are", async (all) => {
    const couponId = await opened(all, 1);
    const [winner, loser] = [anIssue(couponId), anIssue(couponId)];
    await all.book.issue([winner, loser]);
    const found = await all.lookup.find([loser, winner, winner].map(({ reservationId }) => reservationId));
    const { userId, policyId, issuedAt, expiresAt } = winner;
    assert.deepEqual(found.get(winner.reservationId), {
      kind: "issued",
      couponId,
      userId,
      policyId,
      issuedAt,
      expiresAt,
    });
    assert.deepEqual(found.get(loser.reservationId), { ...refusedAs("SOLD_OUT"), couponId, userId: loser.userId });
    assert.equal(found.size, 2);
  });

  const isPoison = (code: string, issue: Issue) => (error: unknown) =>
    error instanceof Poison && error.code === code && error.idempotencyKey === issue.reservationId;

  says("names the record and writes nothing when a reservation is reused for another user or coupon", async (all) => {
    const [couponId, other] = [await opened(all, 5), await opened(all, 5)];
    const issue = anIssue(couponId);
    await all.book.issue([issue]);
    const stolen = [anIssue(couponId), { ...issue, userId: aUserId() }];
    await assert.rejects(all.book.issue(stolen), isPoison("RESERVATION_REUSED", issue));
    const moved = [anIssue(other), { ...issue, couponId: other }];
    await assert.rejects(all.book.issue(moved), isPoison("RESERVATION_REUSED", issue));
    await assert.rejects(
      all.book.refuse([aRefusal(other), aRefusal(couponId, { ...issue, userId: aUserId() })]),
      isPoison("RESERVATION_REUSED", issue),
    );
    assert.equal(await left(all, couponId), 4);
    assert.equal(await left(all, other), 5);
  });

  says("names the record and writes nothing when a round issues a coupon that does not exist", async (all) => {
    const couponId = await opened(all, 5);
    const issue = anIssue(aCouponId());
    await assert.rejects(all.book.issue([anIssue(couponId), issue]), isPoison("COUPON_UNKNOWN", issue));
    assert.equal(await left(all, couponId), 5);
  });

  says("keeps hostile ids apart and unharmed", async (all) => {
    const ids = hostileIds();
    const couponIds: CouponId[] = [];
    for (const id of ids) {
      // Erasure: any text of that length is an id to a store.
      const coupon = aCoupon(ids.length + 1, { couponId: id as CouponId });
      assert.equal(await all.register.open(coupon), "opened");
      couponIds.push(coupon.couponId);
    }
    const round = couponIds.flatMap((couponId) => ids.map((userId) => anIssue(couponId, { userId: userId as UserId })));
    assert.deepEqual((await all.book.issue(round)).answers, round.map(issued));
    const verdicts = await all.lookup.find(round.map(({ reservationId }) => reservationId));
    for (const { reservationId, couponId, userId } of round) {
      const verdict = verdicts.get(reservationId);
      assert.deepEqual([verdict?.couponId, verdict?.userId], [couponId, userId]);
    }
    assert.deepEqual(await all.catalog.remaining(couponIds), new Map(couponIds.map((couponId) => [couponId, 1])));
    const again = round.map((issue) => ({ ...issue, reservationId: aReservationId() }));
    assert.deepEqual(
      (await all.book.issue(again)).answers,
      again.map(() => duplicate),
    );
    const refusals = ids.map((id) => aRefusal(`?${[...id].slice(1).join("")}` as CouponId, { userId: id as UserId }));
    assert.deepEqual(
      await all.book.refuse(refusals),
      refusals.map(() => refusedAs("SOLD_OUT")),
    );
  });
};
