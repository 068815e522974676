/** What every {@link Leases} does with the book and the gate that its fences are for, the real ones and the fakes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponBook, CouponCatalog, CouponRegister, CouponStock } from "../../processors/coupons/coupon-ports.ts";
import { Fenced } from "../../engine/errors.ts";
import type { Fence, LeasedPartition, Leases } from "../../engine/lease.ts";
import { aCoupon, aCouponId, anIssue, aRefusal, aTake } from "../../processors/testing/samples.ts";

/** Leases, and what they fence. */
export interface LeaseSubject {
  readonly leases: Leases;
  readonly book: (fence: Fence) => CouponBook;
  readonly register: CouponRegister;
  readonly catalog: CouponCatalog;
}

let partitions = 0;
const aPartition = (): LeasedPartition => ({ topology: "t", topic: aCouponId(), partition: partitions++ });

/** Registers the suite. `subject` is called inside each test. */
export const leasesContract = (name: string, subject: () => LeaseSubject): void => {
  const says = (what: string, body: (subject: LeaseSubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));

  says("raises the epoch of that partition, and of no other, when it is taken", async ({ leases }) => {
    const one = aPartition();
    const other = { ...one, partition: one.partition + 1_000 };
    assert.deepEqual(await leases.take(one, "a"), { ...one, epoch: 1 });
    assert.deepEqual(await leases.take(one, "b"), { ...one, epoch: 2 });
    assert.deepEqual(await leases.take(other, "a"), { ...other, epoch: 1 });
    assert.deepEqual(await leases.take({ ...one, topology: "u" }, "a"), { ...one, topology: "u", epoch: 1 });
  });

  says("raises the epoch above one that another store knows, and never lowers it", async ({ leases }) => {
    const partition = aPartition();
    const above = async (epoch: number) => (await leases.take(partition, "a", epoch)).epoch;
    assert.deepEqual([await above(41), await above(7), await above(43)], [42, 43, 44]);
  });

  says("gives each an epoch of its own when many take a partition at once", async ({ leases }) => {
    const partition = aPartition();
    const taken = await Promise.all(Array.from({ length: 10 }, (_, n) => leases.take(partition, `h${n}`)));
    assert.deepEqual(
      taken.map(({ epoch }) => epoch).toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
  });

  says("lets the latest holder write and refuses the one before, writing nothing", async (all) => {
    const { leases, book, register, catalog } = all;
    const coupon = aCoupon(5);
    await register.open(coupon);
    const partition = aPartition();
    const old = book(await leases.take(partition, "old"));
    const [before] = (await old.issue([anIssue(coupon.couponId)])).answers;
    assert.equal(before?.kind, "issued");
    const latest = book(await leases.take(partition, "new"));
    await assert.rejects(old.issue([anIssue(coupon.couponId)]), Fenced);
    await assert.rejects(old.refuse([aRefusal(coupon.couponId)]), Fenced);
    assert.equal((await catalog.remaining([coupon.couponId])).get(coupon.couponId), 4);
    const [after] = (await latest.issue([anIssue(coupon.couponId)])).answers;
    assert.equal(after?.kind, "issued");
  });

  says("refuses to write by a lease that was never taken", async ({ book, register }) => {
    const coupon = aCoupon(5);
    await register.open(coupon);
    await assert.rejects(book({ ...aPartition(), epoch: 1 }).issue([anIssue(coupon.couponId)]), Fenced);
  });
};

/** What a gate does with the epochs of leases. */
export const fencedStockContract = (name: string, under: (fence: Fence) => CouponStock): void => {
  const fenced = (epoch: number) => under({ topology: "t", topic: "s", partition: 0, epoch });

  test(`${name}: leaves a coupon unchanged when a holder of a higher epoch has touched it`, async () => {
    const couponId = aCouponId();
    const take = aTake(couponId);
    await fenced(3).initialise(new Map([[couponId, 2]]));
    assert.deepEqual(await fenced(3).reserve([take]), ["taken"]);
    assert.deepEqual(await fenced(4).reserve([aTake(couponId)]), ["taken"]);
    await assert.rejects(fenced(3).reserve([aTake(couponId)]), Fenced);
    const found = {
      code: "FENCED",
      found: 4,
      message: /, but the gate's .* has 4: another worker took it over, or the database/,
    };
    await assert.rejects(fenced(3).reserve([aTake(couponId), aTake(aCouponId())]), found);
    await assert.rejects(fenced(3).release([take]), found);
    await assert.rejects(fenced(3).settle(new Map([[couponId, 2]])), Fenced);
    assert.deepEqual(await fenced(4).reserve([aTake(couponId)]), ["unsure"]);
    await fenced(5).settle(new Map([[couponId, 0]]));
    await assert.rejects(fenced(4).reserve([aTake(couponId)]), Fenced);
    assert.deepEqual(await fenced(5).reserve([aTake(couponId)]), ["none"]);
  });

  test(`${name}: knows a take-over by its question only, when it took nothing`, async () => {
    const couponId = aCouponId();
    await fenced(1).initialise(new Map([[couponId, 0]]));
    assert.deepEqual(await fenced(2).reserve([aTake(couponId)]), ["none"]);
    await assert.rejects(fenced(1).reserve([aTake(couponId)]), Fenced);
  });
};
