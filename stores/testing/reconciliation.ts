/** What every {@link CouponGate} and {@link CouponTruth} do, the real ones and the fakes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponBook, CouponRegister, CouponStock, Take } from "../../processors/coupons/coupon-ports.ts";
import { Fenced } from "../../engine/errors.ts";
import type { Fence, Leases } from "../../engine/lease.ts";
import type { CouponGate, CouponTruth, Mark } from "../../processors/coupons/reconcile-coupons.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import {
  aCoupon,
  aCouponId,
  anIssue,
  aRefusal,
  aReservationId,
  aTake,
  many,
} from "../../processors/testing/samples.ts";

/** A gate, as takers and as its repair see it. */
export interface GateSubject {
  readonly stock: CouponStock;
  readonly gate: (fence?: Fence) => CouponGate;
}

const fenceOf = (epoch: number): Fence => ({ topology: "t", topic: "s", partition: 0, epoch });

const allMarks = async (gate: CouponGate, couponId: CouponId): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  let from: string | undefined;
  do {
    const page = await gate.marks(couponId, from);
    for (const { userId, reservationId } of page.marks) found.set(userId, reservationId);
    from = page.next;
  } while (from !== undefined);
  return found;
};

const mapOf = (marks: readonly Mark[]): ReadonlyMap<string, string> =>
  new Map(marks.map(({ userId, reservationId }) => [userId, reservationId]));

/** Registers the suite. `subject` is called inside each test. */
export const couponGateContract = (name: string, subject: () => GateSubject): void => {
  const says = (what: string, body: (subject: GateSubject, couponId: CouponId) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject(), aCouponId()));

  says("shows counters and marks, and nothing where there is no counter", async ({ stock, gate }, couponId) => {
    const takes = many(3, () => aTake(couponId));
    await stock.initialise(new Map([[couponId, 5]]));
    await stock.reserve(takes);
    assert.deepEqual(await gate().counters([couponId, aCouponId()]), new Map([[couponId, { left: 2, marks: 3 }]]));
    assert.deepEqual(await allMarks(gate(fenceOf(1)), couponId), mapOf(takes));
    assert.deepEqual(await gate().marks(aCouponId(), undefined), { marks: [], next: undefined });
  });

  says("shows every mark when there are many pages of them", async ({ stock, gate }, couponId) => {
    const takes = many(4_500, () => aTake(couponId));
    await stock.initialise(new Map([[couponId, 5_000]]));
    await stock.reserve(takes);
    assert.deepEqual(await allMarks(gate(), couponId), mapOf(takes));
    assert.notEqual((await gate().marks(couponId, undefined)).next, undefined);
  });

  says("shows every mark that stays when others are dropped between two pages", async ({ stock, gate }, couponId) => {
    const takes = many(4_500, () => aTake(couponId));
    await stock.initialise(new Map([[couponId, 4_500]]));
    await stock.reserve(takes);
    const doomed = new Set(takes.filter((_, at) => at % 2 === 0).map(({ userId }) => userId));
    const found = new Set<string>();
    let from: string | undefined;
    do {
      const page = await gate().marks(couponId, from);
      for (const { userId } of page.marks) found.add(userId);
      const drop = page.marks.filter(({ userId }) => doomed.has(userId)).slice(0, 1_000);
      await gate(fenceOf(1)).repair({ couponId, seen: 0, left: 0, drop });
      from = page.next;
    } while (from !== undefined);
    assert.deepEqual(found, new Set(takes.map(({ userId }) => userId)));
  });

  says("sets the counter and drops marks at once when the counter is as it was seen", async (both, couponId) => {
    const { stock, gate } = both;
    const takes = many(3, () => aTake(couponId));
    await stock.initialise(new Map([[couponId, 5]]));
    await stock.reserve(takes);
    assert.equal(await gate(fenceOf(1)).repair({ couponId, seen: 2, left: 9, drop: takes.slice(0, 2) }), 2);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 9, marks: 1 });
    assert.deepEqual(await stock.reserve(takes), ["taken", "taken", "taken"]);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 7, marks: 3 });
  });

  says("leaves a mark that is of another reservation by now", async ({ stock, gate }, couponId) => {
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 5]]));
    await stock.reserve([take]);
    const drop = [{ ...take, reservationId: aReservationId() }, aTake(couponId)];
    assert.equal(await gate(fenceOf(1)).repair({ couponId, seen: 4, left: 4, drop }), 0);
    assert.deepEqual(await stock.reserve([take]), ["taken"]);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 4, marks: 1 });
  });

  says("changes nothing when the counter is another one by now, or gone", async ({ stock, gate }, couponId) => {
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 5]]));
    await stock.reserve([take]);
    assert.equal(await gate(fenceOf(1)).repair({ couponId, seen: 5, left: 9, drop: [take] }), undefined);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 4, marks: 1 });
    const missing = aCouponId();
    assert.equal(await gate(fenceOf(1)).repair({ couponId: missing, seen: 0, left: 9, drop: [] }), undefined);
    assert.deepEqual(await gate().counters([missing]), new Map());
  });

  says("drops a thousand marks in one repair", async ({ stock, gate }, couponId) => {
    const takes = many(1_000, () => aTake(couponId));
    await stock.initialise(new Map([[couponId, 1_000]]));
    await stock.reserve(takes);
    assert.equal(await gate(fenceOf(1)).repair({ couponId, seen: 0, left: 1_000, drop: takes }), 1_000);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 1_000, marks: 0 });
  });

  says("refuses a repair by an old lease, and is closed to old leases after one by a new", async (both, couponId) => {
    const { stock, gate } = both;
    const repair = (epoch: number, seen: number, left: number) =>
      gate(fenceOf(epoch)).repair({ couponId, seen, left, drop: [] });
    await stock.initialise(new Map([[couponId, 5]]));
    assert.equal(await repair(2, 5, 6), 0);
    await assert.rejects(repair(1, 6, 7), Fenced);
    assert.equal(await repair(2, 6, 7), 0);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 7, marks: 0 });
  });
};

/** A database, as issuing and as reconciling see it. */
export interface TruthSubject {
  readonly leases: Leases;
  readonly register: CouponRegister;
  readonly book: CouponBook;
  readonly truth: (fence?: Fence) => CouponTruth;
}

/** Registers the suite. `subject` is called inside each test. */
export const couponTruthContract = (name: string, subject: () => TruthSubject): void => {
  const says = (what: string, body: (subject: TruthSubject, fence: Fence) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const all = subject();
      await body(all, await all.leases.take({ topology: "t", topic: aCouponId(), partition: 0 }, "test"));
    });

  says("answers what is left, and the verdicts asked about", async ({ register, book, truth }, fence) => {
    const coupon = aCoupon(5);
    await register.open(coupon);
    const [issue, refusal, neither] = [anIssue(coupon.couponId), aRefusal(coupon.couponId), aTake(coupon.couponId)];
    await book.issue([issue]);
    await book.refuse([refusal]);
    const idsOf = (takes: readonly Take[]) => takes.map(({ reservationId }) => reservationId);
    const ids = idsOf([issue, refusal, neither]);
    const { remaining, verdicts } = await truth(fence).stored(coupon.couponId, ids);
    assert.equal(remaining, 4);
    assert.deepEqual(new Set(verdicts.keys()), new Set(idsOf([issue, refusal])));
    assert.deepEqual(verdicts, await truth().find(ids));
    assert.equal(verdicts.get(issue.reservationId)?.userId, issue.userId);
    assert.deepEqual(await truth().remaining([coupon.couponId]), new Map([[coupon.couponId, 4]]));
    assert.deepEqual(await truth(fence).stored(coupon.couponId, []), { remaining: 4, verdicts: new Map() });
  });

  says("answers that there is no such coupon", async ({ truth }, fence) => {
    assert.deepEqual(await truth(fence).stored(aCouponId(), []), { remaining: undefined, verdicts: new Map() });
  });

  says("refuses a worker that lost the lease", async ({ leases, register, truth }, fence) => {
    const coupon = aCoupon(5);
    await register.open(coupon);
    await leases.take(fence, "another");
    await assert.rejects(truth(fence).stored(coupon.couponId, []), Fenced);
  });
};
