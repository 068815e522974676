/** What every {@link CouponGate} and {@link CouponTruth} do, the real ones and the fakes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponBook, CouponRegister, CouponStock } from "../../processors/coupons/coupon-ports.ts";
import { Fenced } from "../../engine/errors.ts";
import type { Fence, Leases } from "../../engine/lease.ts";
import type { CouponGate, CouponTruth } from "../../processors/coupons/reconcile-coupons.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { aCoupon, aCouponId, anIssue, aTake, many } from "../../processors/testing/samples.ts";

/** A gate, as takers and as its repair see it. */
export interface GateSubject {
  readonly stock: CouponStock;
  readonly gate: (fence?: Fence) => CouponGate;
}

const fenceOf = (epoch: number): Fence => ({ topology: "t", topic: "s", partition: 0, epoch });

/** Registers the suite. `subject` is called inside each test. */
export const couponGateContract = (name: string, subject: () => GateSubject): void => {
  const says = (what: string, body: (subject: GateSubject, couponId: CouponId) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject(), aCouponId()));

  says("shows counters and what is in flight, and nothing where there is no counter", async ({ stock, gate }, id) => {
    const takes = many(3, () => aTake(id));
    await stock.initialise(new Map([[id, 5]]));
    await stock.reserve(takes);
    assert.deepEqual(await gate().counters([id, aCouponId()]), new Map([[id, { left: 2, marks: 3 }]]));
    await stock.settle(new Map([[id, 2]]));
    assert.deepEqual(await gate().counters([id]), new Map([[id, { left: 2, marks: 0 }]]));
  });

  says("sets the counter and drops all marks at once when the counter is as it was seen", async (both, couponId) => {
    const { stock, gate } = both;
    const takes = many(3, () => aTake(couponId));
    await stock.initialise(new Map([[couponId, 5]]));
    await stock.reserve(takes);
    assert.equal(await gate(fenceOf(1)).repair({ couponId, seen: 2, left: 9 }), 3);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 9, marks: 0 });
    assert.deepEqual(await stock.reserve(takes), ["taken", "taken", "taken"]);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 6, marks: 3 });
  });

  says("changes nothing when the counter is another one by now, or gone", async ({ stock, gate }, couponId) => {
    await stock.initialise(new Map([[couponId, 5]]));
    await stock.reserve([aTake(couponId)]);
    assert.equal(await gate(fenceOf(1)).repair({ couponId, seen: 5, left: 9 }), undefined);
    assert.deepEqual((await gate().counters([couponId])).get(couponId), { left: 4, marks: 1 });
    const missing = aCouponId();
    assert.equal(await gate(fenceOf(1)).repair({ couponId: missing, seen: 0, left: 9 }), undefined);
    assert.deepEqual(await gate().counters([missing]), new Map());
  });

  says("refuses a repair by an old lease, and is closed to old leases after one by a new", async (both, couponId) => {
    const { stock, gate } = both;
    const repair = (epoch: number, seen: number, left: number) => gate(fenceOf(epoch)).repair({ couponId, seen, left });
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

  says("answers what is left, and nothing where there is no such coupon", async (all, fence) => {
    const { register, book, truth } = all;
    const coupon = aCoupon(5);
    await register.open(coupon);
    await book.issue([anIssue(coupon.couponId)]);
    assert.equal(await truth(fence).stored(coupon.couponId), 4);
    assert.deepEqual(await truth().remaining([coupon.couponId]), new Map([[coupon.couponId, 4]]));
    assert.equal(await truth(fence).stored(aCouponId()), undefined);
  });

  says("refuses a worker that lost the lease", async ({ leases, register, truth }, fence) => {
    const coupon = aCoupon(5);
    await register.open(coupon);
    await leases.take(fence, "another");
    await assert.rejects(truth(fence).stored(coupon.couponId), Fenced);
  });
};
